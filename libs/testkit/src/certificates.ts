/**
 * Certificates for tests, made by openssl: an authority, and what it signs. Skips where there is no openssl; with CI=true
 * that is a failure.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** Key and certificate in one file, as Kafka takes them. */
  readonly file: string;
}

export interface Authority extends Certificate {
  /** For 127.0.0.1 and localhost, or for a client of that name. */
  sign(name: string): Certificate;
}

export const hasOpenssl = (): boolean => {
  const isThere = spawnSync('openssl', ['version']).error === undefined;
  if (!isThere && process.env['CI'] === 'true') throw new Error('openssl is not found');
  return isThere;
};

const openssl = (...args: readonly string[]): void => {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
};

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

const read = (path: string): Certificate => {
  const cert = readFileSync(`${path}.crt`, 'utf8');
  const key = readFileSync(`${path}.key`, 'utf8');
  writeFileSync(`${path}.pem`, key + cert, { mode: 0o600 });
  return { cert, key, file: `${path}.pem` };
};

export const makeAuthority = (dir: string, name: string): Authority => {
  mkdirSync(dir, { recursive: true });
  const ca = join(dir, name);
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    `${ca}.key`,
    '-out',
    `${ca}.crt`,
    '-subj',
    `/CN=${name}`,
    '-days',
    '2',
  );
  const sign = (subject: string): Certificate => {
    const path = join(dir, `${name}-${subject}`);
    writeFileSync(`${path}.ext`, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    openssl('req', ...newKey, '-keyout', `${path}.key`, '-out', `${path}.csr`, '-subj', `/CN=${subject}`);
    const by = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      `${path}.csr`,
      ...by,
      '-extfile',
      `${path}.ext`,
      '-out',
      `${path}.crt`,
      '-days',
      '2',
    );
    return read(path);
  };
  return { ...read(ca), sign };
};
