/**
 * The contract suite of the event log port. Every adapter runs all of it; a case gets a harness of its own, so nothing
 * is shared between cases. It waits for conditions (60 s at most) and assumes nothing about speed, about offsets being
 * without gaps, or about when compaction happens.
 */
import { describe } from 'node:test';
import { crashContract } from './event-log-crash.ts';
import type { MakeHarness } from './event-log-harness.ts';
import { processContract } from './event-log-process.ts';
import { produceContract } from './event-log-produce.ts';

export const describeEventLogContract = (name: string, makeHarness: MakeHarness): void => {
  describe(`event log contract: ${name}`, () => {
    produceContract(makeHarness);
    processContract(makeHarness);
    crashContract(makeHarness);
  });
};
