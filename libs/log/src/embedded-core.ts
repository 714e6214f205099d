/** What the parts of the embedded log share. */
import type { AppendSignal } from './embedded-signal.ts';
import type { EmbeddedStore } from './embedded-store.ts';
import type { EmbeddedWriter } from './embedded-writer.ts';

export interface EmbeddedCore {
  readonly store: EmbeddedStore;
  readonly writer: EmbeddedWriter;
  readonly signal: AppendSignal;
  readonly clock: { now(): number };
}
