/** Starts a gateway on a shipped configuration, with the addresses of the test in place of those that are to be changed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort, root } from '@precede/testkit';
import { token, zone } from './stand-in.ts';

export interface GatewayPorts {
  readonly origin: number;
  readonly http: number;
  readonly grpc: number;
}

/** One gateway that can be started: its files, and its command. */
export interface GatewayKind {
  readonly binary: string;
  /** Below deploy/gateways; the first one is what the command names. */
  readonly files: readonly string[];
  readonly args: (file: string, dir: string) => readonly string[];
  /** Further changes, for what only a test needs. */
  readonly adapt?: (text: string, dir: string) => string;
}

export interface GatewayProcess {
  readonly port: number;
  output(): string;
  stop(): Promise<void>;
}

export const startGateway = async (
  kind: GatewayKind,
  ports: GatewayPorts,
  isOpen: boolean,
): Promise<GatewayProcess> => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-gateway-'));
  const [port, inner] = [await freePort(), await freePort()];
  const names = kind.files.map((file) => {
    const text = readFileSync(`${root}deploy/gateways/${file}`, 'utf8');
    const name = file.slice(file.indexOf('/') + 1);
    const placed = switchOpen(place(text, ports, port, inner), isOpen).replace(
      'filename: ',
      `filename: ${dir}/`,
    );
    writeFileSync(join(dir, name), kind.adapt?.(placed, dir) ?? placed);
    return join(dir, name);
  });
  const child = spawn(kind.binary, kind.args(names[0] ?? '', dir), {
    cwd: dir,
    env: { ...process.env, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const process_ = watch(child, dir, port);
  await eventually(`${kind.binary} on port ${port}`, () => isListening(port, child, process_.output), 30_000);
  return process_;
};

const place = (text: string, ports: GatewayPorts, port: number, inner: number): string =>
  text
    .replaceAll('enforcer.internal:8082', `127.0.0.1:${ports.http}`)
    .replaceAll('enforcer.internal, port_value: 8082', `127.0.0.1, port_value: ${ports.http}`)
    .replaceAll('enforcer.internal, port_value: 8092', `127.0.0.1, port_value: ${ports.grpc}`)
    .replaceAll('origin.internal:8080', `127.0.0.1:${ports.origin}`)
    .replaceAll('origin.internal, port_value: 8080', `127.0.0.1, port_value: ${ports.origin}`)
    .replace(/(listen |port_value: |:\/\/:|":)8000\b/, `$1${port}`)
    .replaceAll('127.0.0.1:8001', `127.0.0.1:${inner}`)
    .replaceAll('0'.repeat(32), zone)
    .replaceAll('change-me', token)
    // A busy machine is not a slow enforcer.
    .replaceAll(/\b(0\.[12]s|[12]00ms)\b/g, '3s');

/** Files mark lines for failing open with `#open`, and those that they replace with `#closed`. */
const switchOpen = (text: string, isOpen: boolean): string =>
  isOpen ? text.replaceAll(/^.* #closed$/gm, '').replaceAll(/#open /g, '') : text;

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

const watch = (child: ChildProcess, dir: string, port: number): GatewayProcess => {
  children.add(child);
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    port,
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await exited;
      clearTimeout(force);
      children.delete(child);
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

const isListening = (port: number, child: ChildProcess, output: () => string): Promise<true | undefined> => {
  if (child.exitCode !== null) throw new Error(`the gateway ended:\n${output()}`);
  return new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(undefined));
  });
};
