/** What is made from values.yaml and from the services' variables: values.schema.json and the table in the chart's README. */
import { readFileSync } from 'node:fs';
import { root } from '@precede/testkit';
import { chartSchema } from './schema/chart.ts';
import type { Schema } from './schema/parts.ts';
import { type ValueDoc, valueDocs, valuesTable } from './values-docs.ts';

export const chart = `${root}deploy/helm/precede`;
export const schemaFile = `${chart}/values.schema.json`;
export const readmeFile = `${chart}/README.md`;

export const readValueDocs = (): readonly ValueDoc[] =>
  valueDocs(readFileSync(`${chart}/values.yaml`, 'utf8'));

/** The schema with the meaning of each value, as editors show it. */
export const renderSchema = (docs: readonly ValueDoc[]): string => {
  const described = docs.reduce((schema, doc) => describe(schema, doc.path, doc.meaning), chartSchema);
  return `${JSON.stringify(described, null, 2)}\n`;
};

const describe = (schema: Schema, path: readonly string[], description: string): Schema => {
  const [name, ...rest] = path;
  if (name === undefined) return { description, ...schema };
  const properties = schema['properties'] as Readonly<Record<string, Schema>> | undefined;
  const member = properties?.[name];
  if (member === undefined)
    throw new Error(`values.yaml has ${path.join('.')}, which the schema does not know`);
  return { ...schema, properties: { ...properties, [name]: describe(member, rest, description) } };
};

const begin = '<!-- values: made by `npm run docs` -->';
const end = '<!-- end of values -->';

/** The README with its table as values.yaml has it now. */
export const renderReadme = (readme: string, docs: readonly ValueDoc[]): string => {
  const [before, , after] = readme.split(new RegExp(`(${begin}[\\s\\S]*?${end})`));
  if (after === undefined) throw new Error(`${readmeFile} lacks its marks: ${begin} … ${end}`);
  return `${before}${begin}\n\n${valuesTable(docs)}\n\n${end}${after}`;
};
