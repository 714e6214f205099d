/** docs/errors.md against the code: lists, HTTP statuses, exit codes, and no code that is written down nowhere. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  ConfigError,
  DropReason,
  ErrorCode,
  FencedError,
  InputError,
  InvariantError,
  PrecedeError,
  UnavailableError,
} from '@precede/contracts';
import { faultKinds } from '@precede/control';
import { EventFaultCode } from '@precede/ingest';
import { buildHttp, createHealth, createLogger, createMetrics } from '@precede/service';
import { readConfiguration } from './configuration-docs.ts';
import { ExitCode, exitCodeOf } from './exit.ts';

const root = new URL('../../', import.meta.url);
const documented = readFileSync(new URL('docs/errors.md', root), 'utf8');

/** Cells of the table under a heading. */
const rowsOf = (heading: string): readonly (readonly string[])[] => {
  const section = documented.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((each) => each.trim()),
  );
};
const unquoted = (text: string | undefined): string => (text ?? '').replaceAll('`', '');
const codesOf = (heading: string): readonly string[] => rowsOf(heading).map((row) => unquoted(row[0]));

test('the system codes, refused events and dead letters are those of the code', () => {
  assert.deepEqual(codesOf('System'), Object.values(ErrorCode));
  assert.deepEqual(codesOf('Refused events'), Object.values(EventFaultCode));
  assert.deepEqual(codesOf('Dead letters'), Object.values(DropReason));
});

test('the faults of the management API are those of the code', () => {
  const kinds = Object.values(faultKinds).toSorted((a, b) => a.code - b.code);

  assert.deepEqual(
    rowsOf('Management API'),
    kinds.map((kind) => [String(kind.code), String(kind.status), kind.meaning]),
  );
});

/** An error of this code as it is thrown: the class says what the caller does next. */
const errorOf = (code: ErrorCode, status: string): Error => {
  if (code === ErrorCode.configInvalid) return new ConfigError(['a fault']);
  if (code === ErrorCode.logFenced) return new FencedError('a fault');
  if (code === ErrorCode.invariantBroken) return new InvariantError('a fault');
  if (code === ErrorCode.internal) return new Error('a fault');
  if (status === '503') return new UnavailableError(code, 'a fault');
  return status === '' ? new PrecedeError(code, 'a fault') : new InputError('', 'a fault', code);
};

test('a service answers with the status that the table says', async () => {
  const app = buildHttp({
    logger: createLogger('test', 'silent'),
    health: createHealth(),
    registry: createMetrics(),
  });
  // 429 is an answer of ingest itself; its own tests have it.
  const rows = rowsOf('System').filter(([, status = '']) => status !== '' && status !== '429');
  for (const [code, status = ''] of rows)
    app.get(`/${unquoted(code)}`, async () => {
      throw errorOf(unquoted(code) as ErrorCode, status);
    });

  for (const [code, status] of rows) {
    const response = await app.inject({ url: `/${unquoted(code)}` });
    assert.equal(String(response.statusCode), status, code);
    assert.equal(response.json<{ error: { code: string } }>().error.code, unquoted(code));
  }
  await app.close();
});

test('the command ends with the exit code that the table says', () => {
  for (const [code, status = '', exit = ''] of rowsOf('System'))
    if (exit !== '')
      assert.equal(String(exitCodeOf(errorOf(unquoted(code) as ErrorCode, status))), exit, code);

  assert.deepEqual(codesOf('Exit codes').map(Number), Object.values(ExitCode));
});

const sources = (): readonly string[] =>
  ['libs', 'services', 'cli'].flatMap((room) =>
    readdirSync(new URL(`${room}/`, root), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/node_modules|\.test|fixture|testkit/.test(name))
      .map((name) => readFileSync(new URL(`${room}/${name}`, root), 'utf8')),
  );

test('every PRECEDE_ name in the code is a documented code or a documented variable', () => {
  const names = new Set(
    sources().flatMap((text) => text.match(/(?<=['"])PRECEDE_[A-Z0-9_]+(?=['"])/g) ?? []),
  );
  const known = `${documented}\n${readConfiguration()}`;

  assert.ok(names.size > Object.keys(ErrorCode).length);
  assert.deepEqual(
    [...names].filter((name) => !known.includes(`| \`${name}\` |`)),
    [],
  );
});
