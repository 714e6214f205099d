import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instruments, noteOf, readTelemetry, renderTelemetry } from './telemetry-docs.ts';
import { notes } from './telemetry-notes.ts';

const all = instruments();
const named = (fits: (each: (typeof all)[number]) => boolean): readonly string[] =>
  all.filter((each) => !fits(each)).map((each) => each.name);

test('docs/telemetry.md says what the registries hold (npm run docs writes it)', () => {
  assert.equal(readTelemetry(), renderTelemetry());
});

test('every instrument has a note with the values of each label, and every note an instrument', () => {
  for (const each of all) {
    const note = noteOf(each);
    assert.ok(note !== undefined, `${each.name} has no note`);
    assert.deepEqual(Object.keys(note.labels ?? {}).toSorted(), [...each.labels].toSorted(), each.name);
  }

  const count = Object.values(notes).reduce((sum, ofService) => sum + Object.keys(ofService).length, 0);
  assert.equal(count, all.length);
});

test('names say service, noun and unit as Prometheus wants them', () => {
  assert.deepEqual(
    named(({ service, name }) => new RegExp(`^precede_${service}(_[a-z0-9]+)+$`).test(name)),
    [],
  );
  assert.deepEqual(
    named(({ type, name }) => (type === 'counter') === name.endsWith('_total')),
    [],
  );
  assert.deepEqual(
    named(({ type, name }) => type !== 'histogram' || /_(seconds|bytes)$/.test(name)),
    [],
  );
  assert.deepEqual(
    named(({ name }) => !/_(count|sum|bucket|info|ms|milliseconds|minutes|kib|mib)(_|$)/.test(name)),
    [],
  );
  assert.equal(new Set(all.map((each) => each.name)).size, all.length);
});

test('every instrument says in a sentence what it measures', () => {
  assert.deepEqual(
    named(({ help }) => /^[A-Z0-9].*\.$/.test(help)),
    [],
  );
});

test('no label can take the value of a zone, session, operation, rule id or path', () => {
  const open = new Set(['zone', 'zone_id', 'session', 'session_id', 'operation', 'rule_id', 'path', 'host']);
  assert.deepEqual(
    named(({ labels }) => labels.every((label) => !open.has(label))),
    [],
  );
});
