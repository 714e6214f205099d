/**
 * What each image installs, as the Dockerfile does: the manifests and the lock file alone, without what is for development,
 * in a folder of their own, so that npm can be asked about one image at a time.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Image {
  readonly name: string;
  readonly room: string;
  /** The embedded engines are optional packages: only the all-in-one image has them. */
  readonly hasEngines: boolean;
}

const service = (name: string): Image => ({ name, room: `services/${name}`, hasEngines: false });

/** As deploy/docker/Dockerfile has them; a test compares. */
export const images: readonly Image[] = [
  ...['ingest', 'sessionizer', 'scorer', 'enforcer', 'control'].map(service),
  { name: 'cli', room: 'cli', hasEngines: false },
  { name: 'precede', room: 'cli', hasEngines: true },
];

interface Manifest {
  devDependencies?: unknown;
  workspaces?: readonly string[];
}

const read = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;

/** Calls with the folder, which is gone afterwards. */
export const inProductionTree = <T>(from: string, action: (dir: string) => T): T => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-supply-'));
  try {
    copyManifests(from, dir);
    return action(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

const copyManifests = (from: string, dir: string): void => {
  const { workspaces = [] } = read<Manifest>(join(from, 'package.json'));
  const rooms = globSync([...workspaces], { cwd: from });
  for (const room of [
    '.',
    ...rooms.filter((each) => globSync('package.json', { cwd: join(from, each) }).length > 0),
  ]) {
    const { devDependencies: _left, ...manifest } = read<Manifest>(join(from, room, 'package.json'));
    const path = join(dir, room, 'package.json');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(manifest));
  }
  const lock = read<{ packages: Record<string, Manifest> }>(join(from, 'package-lock.json'));
  for (const [path, entry] of Object.entries(lock.packages))
    if (!path.startsWith('node_modules')) delete entry.devDependencies;
  writeFileSync(join(dir, 'package-lock.json'), JSON.stringify(lock));
};

/** What npm writes to stdout; throws with what it writes to stderr. */
export const npm = (dir: string, args: readonly string[]): string =>
  execFileSync('npm', [...args, '--no-update-notifier', '--loglevel=error'], {
    cwd: dir,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
