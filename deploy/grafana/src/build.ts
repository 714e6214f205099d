/** Writes the dashboards to where Helm and compose read them: `npm run dashboards`. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dashboards } from './dashboards.ts';

const dir = fileURLToPath(new URL('../../helm/precede/files/dashboards/', import.meta.url));

/** Links belong where the reader sees them; the SDK moves them into a menu that Grafana 11 does not have. */
const inSight = (_key: string, value: unknown): unknown => (value === 'inControlsMenu' ? undefined : value);

/** Text of each file by its name. */
export const rendered = (): ReadonlyMap<string, string> =>
  new Map(dashboards.map((each) => [`${each.uid}.json`, `${JSON.stringify(each, inSight, 1)}\n`]));

/** What stands in the repository now. */
export const written = (): ReadonlyMap<string, string> =>
  new Map(readdirSync(dir).map((name) => [name, readFileSync(`${dir}${name}`, 'utf8')]));

/** A dashboard that is no more leaves no file behind. */
const write = (): void => {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of rendered()) writeFileSync(`${dir}${name}`, text);
};

if (import.meta.main) write();
