/**
 * The core of one partition: requests in, verdicts and outputs out. It joins the pure windows of @precede/sequence with
 * the settings of the zones and the journal; it reads no clock and writes nowhere.
 */
import type { RequestEvent } from '@precede/contracts';
import {
  createOutputs,
  type JournalLimits,
  type JournalWrite,
  type Restored,
  type StepEnd,
  step,
  type Verdict,
  WindowJournal,
  type WindowOutputs,
  type WindowsState,
  type ZoneWindows,
} from '@precede/sequence';

export class PartitionSessionizer {
  readonly state: WindowsState;
  /** What `take` and `finish` have made; the caller empties it. */
  readonly outputs: WindowOutputs = createOutputs();
  readonly #journal: WindowJournal;
  readonly #zones: ZoneWindows;

  constructor(restored: Restored, zones: ZoneWindows, limits?: JournalLimits) {
    this.state = restored.state;
    this.#journal = new WindowJournal(restored.journal, limits);
    this.#zones = zones;
  }

  take(event: RequestEvent, offset: number, receivedMs: number): Verdict {
    const verdict = step(
      this.state,
      { kind: 'record', event, offset, receivedMs },
      this.#zones,
      this.outputs,
    );
    this.#journal.add(this.state, event, offset, verdict);
    return verdict;
  }

  /** Once a batch, after its records. Encode what it returns before the next `take`. */
  finish(end: StepEnd, hasInput: boolean): JournalWrite | undefined {
    const { nowMs, isAtEnd } = end;
    this.#journal.beforeTick(this.state, this.#zones);
    step(this.state, { kind: 'tick', nowMs, isAtEnd }, this.#zones, this.outputs);
    return this.#journal.write(this.state, end, hasInput);
  }
}
