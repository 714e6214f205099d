import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '@precede/contracts';
import { certificates, key, loadConfig, privateKey, secret, text } from './config.ts';

const pem = (label: string): string => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;

const fields = {
  PASSWORD: secret('The password.', ''),
  KEY: key('The key.'),
  CA: certificates('The authority.'),
  CERT: { ...certificates('The certificate.'), needs: 'CERT_KEY' },
  CERT_KEY: { ...privateKey('Its key.'), needs: 'CERT' },
  NAME: text('The name.', 'nobody'),
};
const hex = 'ab'.repeat(32);
const files: Readonly<Record<string, string>> = {
  '/password': 'open sesame\n',
  '/windows': 'open sesame\r\n',
  '/two': 'open\n\n',
  '/empty': '\n',
  '/key': hex,
  '/ca': pem('CERTIFICATE'),
};
const read = (path: string): string => {
  const found = files[path];
  if (found !== undefined) return found;
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
};
const load = (env: Record<string, string>) => loadConfig(fields, { KEY: hex, ...env }, read);
const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    load(env);
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
};

test('a secret comes from the file that the variable with _FILE names, without the newline at its end', () => {
  assert.equal(load({ PASSWORD_FILE: '/password' }).PASSWORD, 'open sesame');
  assert.equal(load({ PASSWORD_FILE: '/windows' }).PASSWORD, 'open sesame');
  // Only the last one is an editor's.
  assert.equal(load({ PASSWORD_FILE: '/two' }).PASSWORD, 'open\n');
  assert.equal(load({ PASSWORD: 'given' }).PASSWORD, 'given');
  assert.equal(load({ PASSWORD: '', PASSWORD_FILE: '' }).PASSWORD, '');
});

test('a file stands for a variable that must be set', () => {
  const config = load({ KEY: '', KEY_FILE: '/key', CA_FILE: '/ca' });

  assert.equal(config.KEY.toString('hex'), hex);
  assert.match(config.CA, /^-----BEGIN CERTIFICATE-----/);
});

test('value and file together, a file that is not there and an empty one are faults, each told once', () => {
  assert.deepEqual(faultsOf({ PASSWORD: 'x', PASSWORD_FILE: '/password' }), [
    'PASSWORD_FILE: PASSWORD is set as well; set one of the two',
  ]);
  assert.deepEqual(faultsOf({ KEY: '', KEY_FILE: '/nowhere' }), [
    'KEY_FILE: /nowhere cannot be read (ENOENT)',
  ]);
  assert.deepEqual(faultsOf({ PASSWORD_FILE: '/empty' }), ['PASSWORD_FILE: /empty is empty']);
});

test('what is no secret is not read from files', () => {
  assert.equal(load({ NAME_FILE: '/password' }).NAME, 'nobody');
});

test('PEM texts are told from paths, and keys stay hidden', () => {
  const faults = faultsOf({ CA: '/etc/ssl/ca.pem', CERT: pem('CERTIFICATE'), CERT_KEY: 'hunter2' });

  assert.equal(faults.length, 2);
  assert.match(faults[0] ?? '', /^CA: must be PEM text of certificates; .*_FILE/);
  assert.match(faults[1] ?? '', /^CERT_KEY: must be PEM text of a private key/);
  assert.doesNotMatch(faults[1] ?? '', /hunter2/);
});

test('a certificate needs its key, and a key its certificate', () => {
  const cert = pem('CERTIFICATE');
  const privatePem = pem('EC PRIVATE KEY');

  assert.deepEqual(faultsOf({ CERT: cert }), ['CERT: needs CERT_KEY, which is not set']);
  assert.deepEqual(faultsOf({ CERT_KEY: privatePem }), ['CERT_KEY: needs CERT, which is not set']);
  assert.deepEqual(faultsOf({ CERT: cert, CERT_KEY: privatePem }), []);
});

test('files are read from the disk unless told otherwise', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-config-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'password'), 'on disk\n');

  const config = loadConfig(fields, { KEY: hex, PASSWORD_FILE: join(dir, 'password') });

  assert.equal(config.PASSWORD, 'on disk');
  assert.throws(() => loadConfig(fields, { KEY: hex, PASSWORD_FILE: dir }), ConfigError);
});
