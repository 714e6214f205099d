/**
 * Completes package-lock.json with the optional packages of other platforms that npm left out because the registry it asked
 * did not have them: a lock without them is refused by `npm ci`, and on those platforms they would be missing.
 * node tools/complete-lock.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  packages: Record<string, LockEntry>;
}

const systems = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'openharmony',
  'openbsd',
  'netbsd',
  'sunos',
  'aix',
  'win32',
];
const processors = [
  'arm64',
  'arm',
  'x64',
  'ia32',
  'riscv64',
  'ppc64',
  's390x',
  'loong64',
  'wasm32',
  'mips64el',
];
const exactVersion = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/** Platform packages name what they are for: @scope/lib-linux-arm64-musl. */
function platformOf(name: string): object {
  const words = name.split(/[-/.]/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : [];
  return {
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    ...(os.length > 0 ? { os } : {}),
  };
}

const file = new URL('../package-lock.json', import.meta.url);
const text = readFileSync(file, 'utf8');
const lock = JSON.parse(text) as Lock;
const missing: Record<string, LockEntry> = {};
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const isPresent =
      `node_modules/${name}` in lock.packages || `${path}/node_modules/${name}` in lock.packages;
    if (isPresent || !exactVersion.test(version)) continue;
    const dev = entry.dev === true ? { dev: true } : {};
    missing[`node_modules/${name}`] = { version, ...dev, optional: true, ...platformOf(name) };
  }
}
const names = Object.keys(missing);
if (process.argv.includes('--check')) {
  if (names.length > 0)
    process.stderr.write(`package-lock.json lacks ${names.join(', ')}: run node tools/complete-lock.ts\n`);
  process.exitCode = names.length > 0 ? 1 : 0;
} else if (names.length > 0) {
  const [root, ...others] = Object.entries({ ...lock.packages, ...missing });
  others.sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = Object.fromEntries([...(root === undefined ? [] : [root]), ...others]);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`added ${names.length} packages of other platforms\n`);
}
