/** Whether what enters is traced: decided before anything is made for it. */
import { parseTraceparent } from './trace-context.ts';
import { newTrace, type Origin } from './tracing.ts';

export interface SamplerOptions {
  /** Share of what comes without a context. */
  readonly ratio: number;
  readonly perSecond: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly onLimit: () => void;
}

/** A context from outside is followed if it is sampled, since who began the trace has decided for all of it. */
export class TraceSampler {
  readonly #options: SamplerOptions;
  #second = 0;
  #taken = 0;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  enter(traceparent: string | readonly string[] | undefined): Origin | undefined {
    const context = traceparent === undefined ? undefined : parseTraceparent(traceparent);
    const isWanted = context === undefined ? this.#options.random() < this.#options.ratio : context.isSampled;
    if (!isWanted) return undefined;
    if (!this.#take()) return undefined;
    return context === undefined ? newTrace : { context };
  }

  #take(): boolean {
    const second = Math.floor(this.#options.now() / 1000);
    if (second !== this.#second) this.#taken = 0;
    this.#second = second;
    this.#taken += 1;
    if (this.#taken <= this.#options.perSecond) return true;
    this.#options.onLimit();
    return false;
  }
}
