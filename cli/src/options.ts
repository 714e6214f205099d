/** The options every command that talks to an instance has, and where their defaults come from. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '@precede/contracts';
import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import { told } from './told.ts';

export const defaultDataDir = process.env['PRECEDE_DATA'] || '.precede';

export interface TargetOptions {
  readonly data: string;
  readonly url?: string;
  readonly token?: string;
  readonly ingestUrl?: string;
  readonly enforcerUrl?: string;
  readonly json?: boolean;
}

/** What a running embedded instance leaves in its data directory, so that commands find it. */
export interface InstanceFile {
  readonly pid: number;
  readonly control: string;
  readonly ingest: string;
  readonly enforcer: string;
  readonly clickhouse: string;
}

export const withTarget = (command: Command): Command =>
  command
    .option(
      '--url <url>',
      'management API of the instance (default: the embedded one of --data, or PRECEDE_URL)',
    )
    .option('--token <token>', 'bearer token (default: PRECEDE_TOKEN, or the one in --data)')
    .option('--ingest-url <url>', 'ingest, where the instance should not be asked for it')
    .option('--enforcer-url <url>', 'enforcer, where the instance should not be asked for it')
    .option('--data <dir>', 'data directory of the embedded instance', defaultDataDir)
    .option('--json', 'print JSON');

const env = (name: string): string | undefined => {
  const value = process.env[name];
  return value === undefined || value === '' ? undefined : value;
};

const secretOf = (name: string): string | undefined => told(name, process.env);

const baseUrl = (text: string): string => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new InputError('/url', `--url: ${text} is no http or https address`);
  return text.replace(/\/+$/, '').replace(/\/client\/v4$/, '');
};

export const instanceFile = (dataDir: string): string => join(dataDir, 'instance.json');
export const tokenFile = (dataDir: string): string => join(dataDir, 'token');

const readInstance = (dataDir: string): InstanceFile | undefined => {
  const path = instanceFile(dataDir);
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as InstanceFile;
  } catch (error) {
    // Cut off by a crash of the instance that wrote it: its addresses are not known, as if it were not there.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const readToken = (dataDir: string): string | undefined => {
  const path = tokenFile(dataDir);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
};

export const clientOf = (options: TargetOptions): ApiClient => {
  const url = options.url ?? env('PRECEDE_URL');
  const running = url === undefined ? readInstance(options.data) : undefined;
  const ingestUrl = options.ingestUrl ?? env('PRECEDE_INGEST_URL') ?? running?.ingest;
  const enforcerUrl = options.enforcerUrl ?? env('PRECEDE_ENFORCER_URL') ?? running?.enforcer;
  const ingestToken = secretOf('PRECEDE_INGEST_TOKEN');
  const enforcerToken = secretOf('PRECEDE_ENFORCER_TOKEN');
  return new ApiClient({
    url: baseUrl(url ?? running?.control ?? 'http://127.0.0.1:8080'),
    token: options.token ?? secretOf('PRECEDE_TOKEN') ?? readToken(options.data) ?? '',
    ...(ingestUrl === undefined ? {} : { ingestUrl: baseUrl(ingestUrl) }),
    ...(enforcerUrl === undefined ? {} : { enforcerUrl: baseUrl(enforcerUrl) }),
    ...(ingestToken === undefined ? {} : { ingestToken }),
    ...(enforcerToken === undefined ? {} : { enforcerToken }),
  });
};

/** A whole number option within bounds, as commander's parser; `label` is what the person wrote. */
export const wholeNumber =
  (name: string, min: number, max: number, label = `--${name}`) =>
  (text: string): number => {
    const n = Number(text);
    if (/^\d+$/.test(text) && n >= min && n <= max) return n;
    throw new InputError(
      `/${name}`,
      `${label}: must be a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`,
    );
  };

/** A share from 0 to 1 as commander's parser. It stays text: the instance takes it as it was written. */
export const share =
  (name: string) =>
  (text: string): string => {
    if (/^(0(\.\d{1,15})?|1(\.0{1,15})?)$/.test(text)) return text;
    throw new InputError(
      `/${name}`,
      `--${name}: must be a number from 0 to 1 such as 0.95, got ${JSON.stringify(text)}`,
    );
  };
