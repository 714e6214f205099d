/**
 * The core of one partition: requests in, verdicts and outputs out. It joins the pure windows of @precede/sequence with
 * the settings of the zones; it reads no clock and writes nowhere.
 */
import type { RequestEvent } from '@precede/contracts';
import {
  createOutputs,
  step,
  takeChanges,
  type Verdict,
  type WindowChange,
  type WindowOutputs,
  type WindowsState,
  type ZoneWindows,
} from '@precede/sequence';

export class PartitionSessionizer {
  readonly state: WindowsState;
  readonly #zones: ZoneWindows;
  #outputs = createOutputs();

  constructor(state: WindowsState, zones: ZoneWindows) {
    this.state = state;
    this.#zones = zones;
  }

  take(event: RequestEvent, offset: number, receivedMs: number): Verdict {
    return step(this.state, { kind: 'record', event, offset, receivedMs }, this.#zones, this.#outputs);
  }

  /** Once a batch, after its records. */
  tick(nowMs: number, isAtEnd: boolean): void {
    step(this.state, { kind: 'tick', nowMs, isAtEnd }, this.#zones, this.#outputs);
  }

  /** What has been made since the last call. Encode the changes before the next `take`. */
  drain(): { outputs: WindowOutputs; changes: WindowChange[] } {
    const outputs = this.#outputs;
    this.#outputs = createOutputs();
    return { outputs, changes: takeChanges(this.state) };
  }
}
