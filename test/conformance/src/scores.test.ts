/** The worked cases of counting and scoring (../scores/*.yaml) through @precede/sequence. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { SequenceObserved, ShortId, SourceId, ZoneId } from '@precede/contracts';
import {
  correlationScores,
  keptContextsOf,
  precedenceScores,
  type ScoredSequence,
  type SequenceCount,
  SequenceCounter,
} from '@precede/sequence';
import { parse } from 'yaml';

interface Expected {
  readonly sequence: string;
  readonly score: number;
  readonly support?: number;
  readonly listed?: boolean;
}
interface CountsCase {
  readonly note: string;
  readonly sessions?: number;
  /** Context → next operation → occurrences. */
  readonly table: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly dropped?: readonly string[];
  readonly precedence?: readonly Expected[];
  readonly correlation?: readonly Expected[];
}
interface WindowsCase {
  readonly note: string;
  readonly windows: readonly string[];
  readonly collapsed?: Readonly<Record<string, number>>;
  readonly raw?: Readonly<Record<string, number>>;
  readonly pair?: Readonly<Record<string, number>>;
  readonly longest?: number;
}

const casesOf = <T>(file: string): readonly T[] =>
  parse(readFileSync(new URL(`../scores/${file}`, import.meta.url), 'utf8')) as readonly T[];

/** Numbers in the order of the names: sorting by id is sorting by name. */
const dictionaryOf = (texts: readonly string[]) => {
  const names = [...new Set(texts.flatMap((text) => text.split(' ').filter(Boolean)))].sort();
  return {
    ids: (text: string): number[] =>
      text
        .split(' ')
        .filter(Boolean)
        .map((name) => names.indexOf(name)),
    text: (ids: readonly number[]): string => ids.map((id) => names[id]).join(' '),
  };
};

const check = (
  scored: readonly ScoredSequence[],
  expected: readonly Expected[],
  text: (ids: readonly number[]) => string,
): void => {
  const names = scored.map((each) => text(each.operations));
  let last = -1;
  for (const each of expected) {
    const at = names.indexOf(each.sequence);
    const found = scored[at];
    assert.ok(found, `no score of ${each.sequence}`);
    assert.ok(at > last, `${each.sequence} is out of order`);
    assert.equal(found.score.toFixed(6), each.score.toFixed(6), each.sequence);
    if (each.support !== undefined) assert.equal(found.support, each.support, each.sequence);
    if (each.listed !== undefined) assert.equal(found.isListed, each.listed, each.sequence);
    last = at;
  }
};

for (const each of casesOf<CountsCase>('counts.yaml'))
  test(each.note, () => {
    const { ids, text } = dictionaryOf(
      Object.entries(each.table).flatMap(([c, next]) => [c, ...Object.keys(next)]),
    );
    const counts: SequenceCount[] = Object.entries(each.table).flatMap(([context, next]) =>
      Object.entries(next).map(([operation, occurrences]) => ({
        operations: [...ids(context), ...ids(operation)],
        occurrences,
        sessions: each.sessions ?? 100,
      })),
    );

    const kept = new Set(keptContextsOf(counts).map(text));
    if (each.dropped !== undefined)
      assert.deepEqual(
        Object.keys(each.table).filter((context) => !kept.has(context)),
        each.dropped,
      );
    check(precedenceScores(counts), each.precedence ?? [], text);
    check(correlationScores(counts), each.correlation ?? [], text);
  });

const observe = (operations: readonly number[], window: number): SequenceObserved[] =>
  operations.map((_, at) => {
    const runs: { operation: number; length: number }[] = [];
    for (const operation of operations.slice(0, at + 1)) {
      const run = runs.at(-1);
      if (run?.operation === operation) run.length += 1;
      else runs.push({ operation, length: 1 });
    }
    const newest = runs.slice(-10);
    return {
      zoneId: 'a'.repeat(32) as ZoneId,
      timeMs: at,
      source: 'live' as SourceId,
      operations: newest.map((run) => run.operation as ShortId),
      runLengths: newest.map((run) => run.length),
      ageMs: newest.map(() => 0),
      pseudonym: `${window}`.padStart(16, '0'),
    };
  });

for (const each of casesOf<WindowsCase>('windows.yaml'))
  test(each.note, () => {
    const { ids, text } = dictionaryOf(each.windows);
    const counter = new SequenceCounter();
    each.windows.forEach((window, i) => {
      for (const event of observe(ids(window), i)) counter.add(event);
    });
    const found: Record<string, Record<string, number>> = { collapsed: {}, raw: {}, pair: {} };
    let longest = 0;
    counter.takeDirty(({ operations, firstLength, collapsed, raw, isPair }) => {
      longest = Math.max(longest, operations.length);
      for (let length = firstLength; length <= operations.length; length += 1) {
        const name = text([...operations.slice(operations.length - length)]);
        if (collapsed > 0) (found[isPair ? 'pair' : 'collapsed'] ?? {})[name] = collapsed;
        if (raw > 0) (found['raw'] ?? {})[name] = raw;
      }
    });

    for (const form of ['collapsed', 'raw', 'pair'] as const)
      if (each[form] !== undefined) assert.deepEqual(found[form], each[form], form);
    if (each.longest !== undefined) assert.equal(longest, each.longest);
  });
