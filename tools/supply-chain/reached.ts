/**
 * What is reached from a room over the lock file, as Node looks packages up and `npm ci` installs them. `npm sbom --omit`
 * leaves out too much: whatever some optional package names as well, though others need it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from './production.ts';

interface Entry {
  readonly version?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
  readonly peerDependencies?: object;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}
type Packages = Readonly<Record<string, Entry>>;

/** Where the package of that name is for who stands at `from`: in the nearest node_modules on the way to the root. */
const lookUp = (packages: Packages, from: string, name: string): string | undefined => {
  for (let dir = from; ; dir = dir.slice(0, Math.max(0, dir.lastIndexOf('/')))) {
    const at = `${dir === '' ? '' : `${dir}/`}node_modules/${name}`;
    if (Object.hasOwn(packages, at)) return at;
    if (dir === '') return undefined;
  }
};

const neededBy = (entry: Entry, hasOptional: boolean): string[] => {
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = entry;
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  return [...Object.keys(dependencies), ...(hasOptional ? Object.keys(optionalDependencies) : []), ...peers];
};

/** As `name@version`, our own rooms among them. */
export const reachedFrom = (dir: string, { room, hasEngines }: Image): Set<string> => {
  const { packages } = JSON.parse(readFileSync(join(dir, 'package-lock.json'), 'utf8')) as {
    packages: Packages;
  };
  const found = new Map<string, string>();
  const visit = (path: string): void => {
    for (const name of neededBy(packages[path] ?? {}, hasEngines)) {
      const at = lookUp(packages, path, name);
      if (at === undefined || found.has(at)) continue;
      const entry = packages[at];
      const to = entry?.link === true ? (entry.resolved ?? '') : at;
      found.set(at, `${at.split('node_modules/').at(-1)}@${packages[to]?.version}`);
      visit(to);
    }
  };
  visit(room);
  return new Set(found.values());
};
