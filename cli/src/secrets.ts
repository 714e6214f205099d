/** Secrets of an embedded instance: made once, kept in its data directory, readable by its owner alone. */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '@precede/contracts';
import { tokenFile } from './options.ts';
import { told } from './told.ts';

export interface Secrets {
  /** 64 hex digits: what session pseudonyms are made with. Losing it makes known sessions new ones. */
  readonly sessionKey: string;
  /** Bearer token of the management API. */
  readonly token: string;
}

/** `adminToken` from the environment wins over the kept one, and is kept in turn so that commands find it. */
export const secretsOf = (dataDir: string, env: Readonly<Record<string, string | undefined>>): Secrets => {
  makeDirectory(dataDir);
  const sessionKey =
    told('PRECEDE_SESSION_KEY', env) ??
    keep(join(dataDir, 'session-key'), () => randomBytes(32).toString('hex'));
  const token = told('PRECEDE_CONTROL_ADMIN_TOKEN', env) ?? told('PRECEDE_TOKEN', env);
  const path = tokenFile(dataDir);
  if (token !== undefined) writeFileSync(path, `${token}\n`, { mode: 0o600 });
  return { sessionKey, token: keep(path, () => randomBytes(24).toString('base64url')) };
};

/** What a person names may be a file, or somebody else's: their slip, not our fault. */
const makeDirectory = (dataDir: string): void => {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!['EEXIST', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS'].includes(code)) throw error;
    throw new InputError('/data', `--data: ${dataDir} cannot be used as a directory (${code})`);
  }
};

const keep = (path: string, make: () => string): string => {
  if (!existsSync(path)) writeFileSync(path, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  return readFileSync(path, 'utf8').trim();
};
