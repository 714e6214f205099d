/** The worked cases of session windows (../windows/*.yaml) through the pure core, whole and restored before each input. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  type ChangelogEntry,
  changelogFromAvro,
  changelogToAvro,
  type SessionId,
  type ShortId,
  type SourceId,
  type ZoneId,
} from '@precede/contracts';
import {
  createOutputs,
  createWindows,
  restoreWindows,
  step,
  takeChanges,
  takeHeld,
  type WindowInput,
} from '@precede/sequence';
import { parse } from 'yaml';

interface Input {
  readonly at?: number;
  readonly session?: string;
  readonly operation?: string;
  readonly source?: string;
  readonly id?: string;
  readonly end?: string;
  readonly tick?: number;
  readonly isAtEnd?: boolean;
}
interface Case {
  readonly note: string;
  readonly inputs: readonly Input[];
  readonly verdicts?: readonly string[];
  readonly emits?: readonly string[];
  readonly lastEmits?: string;
  readonly closes?: readonly string[];
}

const zoneId = 'd'.repeat(32) as ZoneId;
const zones = { settingsOf: () => ({ inactivityGapMs: 600_000, graceMs: 5_000 }) };
const idOf = (name: string): SessionId => Buffer.from(name).toString('hex').padEnd(32, '0') as SessionId;
const nameOf = (hex: string): string => Buffer.from(hex, 'hex').toString().replaceAll('\0', '');
const msOf = (seconds = 0): number => Math.round(seconds * 1000);

const toInput = (input: Input, offset: number): WindowInput => {
  if (input.tick !== undefined)
    return { kind: 'tick', nowMs: msOf(input.tick), isAtEnd: input.isAtEnd ?? true };
  const record = { kind: 'record', offset, receivedMs: msOf(input.at) } as const;
  const source = (input.end ?? input.source ?? 'live') as SourceId;
  if (input.end !== undefined) return { ...record, event: { kind: 'source_ended', zoneId, source } };
  const sessionId = idOf(input.session ?? '');
  const operation = (input.operation ?? '').charCodeAt(0) as ShortId;
  const eventId = input.id ?? null;
  const unused = { status: null, durationMs: null, bytes: null };
  const timeMs = msOf(input.at);
  return {
    ...record,
    event: { kind: 'request', zoneId, source, sessionId, operation, timeMs, eventId, ...unused },
  };
};

const run = (each: Case, isRestored: boolean) => {
  const saved = new Map<string, ChangelogEntry>();
  const out = createOutputs();
  const verdicts: string[] = [];
  let state = createWindows();
  each.inputs.forEach((input, offset) => {
    const verdict = step(state, toInput(input, offset), zones, out);
    if (input.tick === undefined) verdicts.push(verdict);
    for (const { source, sessionId, entry } of takeChanges(state)) {
      if (entry === null) saved.delete(`${source}/${sessionId}`);
      else saved.set(`${source}/${sessionId}`, structuredClone(changelogFromAvro(changelogToAvro(entry))));
    }
    if (isRestored) state = restoreWindows([...saved.values(), ...takeHeld(state, 1, 1_000)]);
  });
  const emits = out.sequences.map((sequence) => {
    const runs = sequence.operations.map((operation, i) => {
      const length = sequence.runLengths[i] ?? 0;
      return String.fromCharCode(operation) + (length > 1 ? `*${length}` : '');
    });
    return `${nameOf(sequence.pseudonym)}: ${runs.join(' ')}`;
  });
  const closes = out.closed.map(
    (c) => `${nameOf(c.sessionId)}: ${c.firstMs / 1000}..${c.lastMs / 1000} ${c.length} ${c.ended}`,
  );
  return { verdicts, emits, closes };
};

const check = (each: Case, isRestored: boolean): void => {
  const { verdicts, emits, closes } = run(each, isRestored);
  if (each.verdicts !== undefined) assert.deepEqual(verdicts, each.verdicts);
  if (each.emits !== undefined) assert.deepEqual(emits, each.emits);
  if (each.lastEmits !== undefined) assert.equal(emits.at(-1), each.lastEmits);
  if (each.closes !== undefined) assert.deepEqual(closes, each.closes);
};

const folder = new URL('../windows/', import.meta.url);
for (const file of readdirSync(folder)) {
  describe(`windows/${file}`, () => {
    for (const each of parse(readFileSync(new URL(file, folder), 'utf8')) as Case[])
      test(each.note, () => {
        check(each, false);
        check(each, true);
      });
  });
}
