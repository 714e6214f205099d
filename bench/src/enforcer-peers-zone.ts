/** The zone of the peers' bench: 60 operations, 20 of which end five allow rules each, one hundred in all. */
import type { Operation, RuleId, SequenceRule } from '@precede/contracts';
import { operationAt, type Zone } from './enforcer-zone.ts';

export const operationCount = 60;
const endCount = 20;
const startsPerEnd = 5;

export const operations: readonly Operation[] = Array.from({ length: operationCount }, (_, n) =>
  operationAt(n),
);
/** A path that the operation matches. */
export const paths = operations.map((each) => each.endpoint.replace(/\{[^}]*\}/g, '4711'));

export const ends: ReadonlySet<number> = new Set(Array.from({ length: endCount }, (_, n) => n));
const starts = Array.from({ length: operationCount }, (_, end) =>
  end < endCount ? Array.from({ length: startsPerEnd }, (_, k) => endCount + ((end * 7 + k * 8) % 40)) : [],
);
/** Which operations may come before it; empty: all. */
export const startsOf = (operation: number): readonly number[] => starts[operation] ?? [];

const ruleOf = (start: number, end: number, position: number): SequenceRule => ({
  ruleId: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}` as RuleId,
  title: `rule ${position}`,
  kind: 'allow',
  action: 'block',
  start: operationAt(start).operationId,
  end: operationAt(end).operationId,
  position,
  createdAtMs: 0,
  lastUpdatedMs: 0,
});

export const peersZone: Zone = {
  operations: new Map(operations.map((each) => [each.operationId, each])),
  rules: starts
    .flatMap((of, end) => of.map((start) => ({ start, end })))
    .map(({ start, end }, i) => ruleOf(start, end, i + 1)),
};
