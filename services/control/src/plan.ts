/** What a change of configuration is: planned by a resource against the zones as they are, written by the store. */
import type { ConfigBody, ZoneConfigs, ZoneId, ZoneSettings } from '@precede/contracts';

/** What a plan wants written. */
export interface Change<R> {
  readonly zoneId: ZoneId;
  /** Without the zone record, which every change ends with. */
  readonly bodies: readonly ConfigBody[];
  /** The zone record; null deletes the zone. */
  readonly settings: ZoneSettings | null;
  readonly result: (revision: number) => R;
}
/** Runs alone and without waiting; `keep` answers from what is there and writes nothing. */
export type Plan<R> = (zones: ZoneConfigs) => Change<R> | { readonly keep: R };

/** On whose behalf a plan runs. */
export interface Author {
  /** Name of the token; never the token. */
  readonly actor: string;
  readonly timeMs: number;
  /** Plan and answer, write nothing. */
  readonly isDryRun: boolean;
}

/** The same plan with another answer. */
export const planned =
  <R, S>(plan: Plan<R>, answer: (result: R) => S): Plan<S> =>
  (zones) => {
    const change = plan(zones);
    if ('keep' in change) return { keep: answer(change.keep) };
    return { ...change, result: (revision) => answer(change.result(revision)) };
  };
