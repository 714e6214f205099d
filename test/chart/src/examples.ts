/**
 * The rendered examples under test/chart/rendered. `minimal` is whole; every other one has the objects that differ from it,
 * so that a change of the chart shows once and what a value does shows by itself.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { root } from '@precede/testkit';
import { stringify } from 'yaml';
import { chart } from './generated.ts';
import { type Rendered, render } from './helm.ts';

export const exampleFile = (name: string): string => `${root}test/chart/rendered/${name}.yaml`;
export const readExample = (name: string): string => readFileSync(exampleFile(name), 'utf8');
export const writeExample = (name: string): void => writeFileSync(exampleFile(name), exampleOf(name));

const idOf = ({ kind, metadata }: Rendered): string => `${kind} ${metadata.name}`;

export const exampleOf = (name: string): string => {
  const objects = render({ values: [name] }).map(withoutFiles);
  if (name === 'minimal') return textOf(objects);
  const minimal = new Map(render().map((object) => [idOf(object), withoutFiles(object)]));
  const changed = objects.filter((object) => !isDeepStrictEqual(object, minimal.get(idOf(object))));
  const there = new Set(objects.map(idOf));
  const gone = [...minimal.keys()].filter((id) => !there.has(id));
  const head = `# What ci/${name}-values.yaml changes of minimal.yaml.\n${gone.map((id) => `# Not there: ${id}\n`).join('')}`;
  return `${head}---\n${textOf(changed)}`;
};

const textOf = (objects: readonly Rendered[]): string =>
  objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');

/** Files of the chart stand for themselves: a changed alert or dashboard changes no example. */
const withoutFiles = (object: Rendered): Rendered => {
  if (object.kind === 'PrometheusRule') return { ...object, spec: 'files/alerts.yaml' };
  if (object.kind !== 'ConfigMap' || object.data === undefined) return object;
  const data = Object.entries(object.data).map(([name, text]) => [
    name,
    isFile(name) ? fileOf(name, text) : text,
  ]);
  return { ...object, data: Object.fromEntries(data) };
};

const isFile = (name: string): boolean => /\.(json|mjs)$/.test(name);

const fileOf = (name: string, text: string): string => {
  const path = name.endsWith('.json') ? `files/dashboards/${name}` : `files/${name}`;
  return readFileSync(`${chart}/${path}`, 'utf8').trim() === text ? path : text;
};
