/**
 * Lists the packages in /app/node_modules that nothing in the image depends on, and the dependencies that are missing.
 * Runs inside an image (check-images.sh). Optional and peer dependencies may be there or not.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

type Names = Readonly<Record<string, string>>;
interface Manifest {
  readonly dependencies?: Names;
  readonly optionalDependencies?: Names;
  readonly peerDependencies?: Names;
}

const needed = new Set<string>();
const missing = new Set<string>();

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** As Node looks for it: in node_modules of the folder, then of those above. */
const find = (name: string, from: string): string | undefined => {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(folder)) return folder;
    if (at === dirname(at)) return undefined;
  }
};

const follow = (folder: string): void => {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifestOf(folder);
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
    const found = find(name, folder);
    if (found === undefined) {
      if (name in dependencies && !(name in optionalDependencies)) missing.add(name);
    } else if (!needed.has(found)) {
      needed.add(found);
      follow(found);
    }
  }
};

const packagesIn = (modules: string): string[] =>
  readdirSync(modules, { withFileTypes: true }).flatMap((entry) => {
    const folder = join(modules, entry.name);
    if (entry.name.startsWith('.')) return [];
    return entry.name.startsWith('@') ? packagesIn(folder) : [folder];
  });

const [room = ''] = process.argv.slice(2);
follow(join('/app', room));
const own = find(`@precede/${room.split('/').at(-1)}`, '/app');
const unneeded = packagesIn('/app/node_modules').filter((folder) => folder !== own && !needed.has(folder));
for (const folder of unneeded) process.stdout.write(`not needed: ${folder}\n`);
for (const name of missing) process.stdout.write(`missing: ${name}\n`);
process.exitCode = unneeded.length + missing.size > 0 ? 1 : 0;
