/** `npm run docs:chart`: writes the schema of the values, the table of the chart's README and the rendered examples. */
import { readFileSync, writeFileSync } from 'node:fs';
import { writeExample } from './examples.ts';
import { readmeFile, readValueDocs, renderReadme, renderSchema, schemaFile } from './generated.ts';
import { valuesFiles } from './helm.ts';

const docs = readValueDocs();
writeFileSync(schemaFile, renderSchema(docs));
writeFileSync(readmeFile, renderReadme(readFileSync(readmeFile, 'utf8'), docs));
for (const name of valuesFiles()) writeExample(name);
