/** What became of the events of one body: the numbers of the answer and the refusals by name. */
import type { EventFault, EventFaultCode } from './event.ts';

/** So many refusals are named; the others are in `refused_total`. */
const maxNamed = 1000;

export interface Refusal {
  readonly index: number;
  readonly line?: number;
  readonly pointer: string;
  readonly code: EventFaultCode;
  readonly message: string;
}

export interface Tally {
  accepted: number;
  clamped: number;
  matched: number;
  withoutSession: number;
  sequenced: number;
  unmatched: number;
  unsampled: number;
  refusedTotal: number;
  readonly refused: Refusal[];
  readonly refusedByCode: Map<EventFaultCode, number>;
  refuse(index: number, line: number | null, fault: EventFault): void;
}

export const createTally = (): Tally => {
  const tally: Tally = {
    accepted: 0,
    clamped: 0,
    matched: 0,
    withoutSession: 0,
    sequenced: 0,
    unmatched: 0,
    unsampled: 0,
    refusedTotal: 0,
    refused: [],
    refusedByCode: new Map(),
    refuse: (index, line, { code, pointer, message }) => {
      tally.refusedTotal += 1;
      tally.refusedByCode.set(code, (tally.refusedByCode.get(code) ?? 0) + 1);
      if (tally.refused.length === maxNamed) return;
      const at = line === null ? { index } : { index, line };
      tally.refused.push({ ...at, pointer: `/${index}${pointer}`, code, message });
    },
  };
  return tally;
};

/** The body of the answer. `accepted` = `matched` + `unmatched`; `matched` = `sequenced` + `without_session`. */
export const answerOf = (tally: Tally) => ({
  accepted: tally.accepted,
  matched: tally.matched,
  unmatched: tally.unmatched,
  without_session: tally.withoutSession,
  sequenced: tally.sequenced,
  clamped: tally.clamped,
  refused: tally.refused,
  refused_total: tally.refusedTotal,
});
