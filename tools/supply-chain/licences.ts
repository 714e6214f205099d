/**
 * The licences of everything that an image holds: docs/licences.md is made from them, and what is not on the list of
 * policy.json fails. node tools/supply-chain/licences.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionOf } from '../../libs/service/src/version.ts';
import { type Policy, readPolicy } from './policy.ts';
import { root } from './production.ts';
import { type Bom, type Component, makeBoms } from './sbom.ts';

export interface Licensed {
  readonly name: string;
  readonly version: string;
  /** SPDX; empty: nobody says. */
  readonly licence: string;
  readonly images: readonly string[];
}

const nameOf = ({ purl }: Component): string =>
  decodeURIComponent(purl.replace(/^pkg:npm\//, '').replace(/@[^@]*$/, ''));

const toldBy = ({ licenses = [] }: Component): string =>
  licenses
    .map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? '')
    .filter((each) => each !== '')
    .join(' AND ');

/** Ours are left out: LICENSE is theirs. In order of names. */
export const licensedOf = (
  boms: ReadonlyMap<string, Bom>,
  known: Policy['licences']['known'],
): Licensed[] => {
  const found = new Map<string, Licensed>();
  for (const [image, { components }] of boms)
    for (const component of components) {
      const name = nameOf(component);
      if (name.startsWith('@precede/')) continue;
      const { version } = component;
      const key = `${name}@${version}`;
      const before = found.get(key)?.images ?? [];
      const licence = toldBy(component) || known[name] || '';
      found.set(key, { name, version, licence, images: [...before, image] });
    }
  return [...found.values()].toSorted((a, b) =>
    `${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1,
  );
};

/** Whether an SPDX expression is met by the allowed identifiers: one side of each OR, both of each AND. */
export const isAllowed = (expression: string, allowed: readonly string[]): boolean => {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const atom = (): boolean => {
    const token = tokens[at++];
    if (token !== '(') return token !== undefined && allowed.includes(token);
    const inner = either();
    return tokens[at++] === ')' && inner;
  };
  const both = (): boolean => {
    let holds = atom();
    for (; tokens[at] === 'AND'; ) {
      at += 1;
      holds = atom() && holds;
    }
    return holds;
  };
  const either = (): boolean => {
    let holds = both();
    for (; tokens[at] === 'OR'; ) {
      at += 1;
      holds = both() || holds;
    }
    return holds;
  };
  const holds = either();
  // What is left over is no expression that we know, WITH among it.
  return holds && at === tokens.length;
};

/** A sentence for each that may not be in, and for each line of the policy that nothing needs any more. */
export const licenceFaults = (all: readonly Licensed[], { allowed, known }: Policy['licences']): string[] => {
  const refused = all
    .filter(({ licence }) => !isAllowed(licence, allowed))
    .map(({ name, version, licence }) =>
      licence === ''
        ? `${name} ${version} does not say its licence: look it up and add it to "known" in policy.json`
        : `${name} ${version} is under ${licence}, which policy.json does not allow`,
    );
  const names = new Set(all.map(({ name }) => name));
  const stale = Object.keys(known)
    .filter((name) => !names.has(name))
    .map((name) => `"known" in policy.json has ${name}, which no image holds`);
  return [...refused, ...stale];
};

export const renderLicences = (all: readonly Licensed[], imageCount: number): string => {
  const rows = all.map(
    ({ name, version, licence, images: held }) =>
      `| \`${name}\` | ${version} | ${licence} | ${held.length === imageCount ? 'all' : held.join(', ')} |`,
  );
  const head =
    '# Licences\n\nMade by `npm run licences` from the lock file; do not edit. Every package that an image holds, with the licence it says it is under; what is not allowed by `tools/supply-chain/policy.json` fails the check. The bill of materials of each image is made by `npm run sbom`. Images also hold Debian and Node, whose licences are in `/usr/share/doc` and in Node’s own LICENSE.\n';
  return `${head}\n| package | version | licence | images |\n|---|---|---|---|\n${rows.join('\n')}\n`;
};

const main = (isCheck: boolean): void => {
  const path = join(root, 'docs/licences.md');
  const policy = readPolicy();
  const boms = makeBoms(root, versionOf());
  const all = licensedOf(boms, policy.licences.known);
  const faults = licenceFaults(all, policy.licences);
  const text = renderLicences(all, boms.size);
  if (!isCheck) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text)
    faults.push('docs/licences.md is not what the lock file says: run npm run licences');
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exit(1);
  process.stdout.write(`${all.length} packages, every licence is allowed\n`);
};

if (import.meta.main) main(process.argv.includes('--check'));
