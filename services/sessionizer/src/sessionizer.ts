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
  step,
  type Verdict,
  WindowJournal,
  type WindowOutputs,
  type WindowsState,
  type ZoneWindows,
} from '@precede/sequence';

export class PartitionSessionizer {
  readonly state: WindowsState;
  readonly #journal: WindowJournal;
  readonly #zones: ZoneWindows;
  #outputs = createOutputs();

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
      this.#outputs,
    );
    this.#journal.add(this.state, event, offset, verdict);
    return verdict;
  }

  /** Once a batch, after its records: what has been made since the last call. Encode it before the next `take`. */
  finish(nowMs: number, isAtEnd: boolean): { outputs: WindowOutputs; write: JournalWrite | undefined } {
    this.#journal.beforeTick(this.state, this.#zones);
    step(this.state, { kind: 'tick', nowMs, isAtEnd }, this.#zones, this.#outputs);
    const outputs = this.#outputs;
    this.#outputs = createOutputs();
    return { outputs, write: this.#journal.write(this.state, nowMs, isAtEnd) };
  }
}
