/**
 * What is counted at every decision, in plain numbers: labels are looked up when the metrics are scraped and not before
 * (bench/src/enforcer-decide.bench.ts).
 */
import { DecidedAction, mitigationSource, Phase, Verdict } from '@precede/contracts';
import type { Registry } from '@precede/service';
import { Counter } from 'prom-client';
import type { RuleHit } from './outcome.ts';

const rules = [...Object.values(Phase), mitigationSource, 'none'] as const;
const actions = [...Object.values(DecidedAction), 'skip', 'rewrite', 'none'] as const;
const kinds = ['sequenced', 'unmatched', 'no_session'] as const;
export type RequestKind = (typeof kinds)[number];

interface Cell {
  count: number;
}

const cellsOf = <K extends string, T>(keys: readonly K[], make: () => T): Map<K, T> =>
  new Map(keys.map((key) => [key, make()]));

export class DecisionCounts {
  readonly #decisions = cellsOf(Object.values(Verdict), () =>
    cellsOf(rules, () => cellsOf(actions, (): Cell => ({ count: 0 }))),
  );
  readonly #requests = cellsOf(kinds, (): Cell => ({ count: 0 }));

  constructor(registry: Registry) {
    const [decisions, requests] = [this.#decisions, this.#requests];
    const registers = [registry];
    new Counter({
      name: 'precede_enforcer_decisions_total',
      help: 'Decisions, by verdict, by the phase of the rule that made it, or sequence mitigation, and by what that rule does, or would do where it only logs.',
      labelNames: ['verdict', 'rule', 'action'],
      registers,
      collect() {
        this.reset();
        for (const [verdict, byRule] of decisions)
          for (const [rule, byAction] of byRule)
            for (const [action, { count }] of byAction)
              if (count > 0) this.inc({ verdict, rule, action }, count);
      },
    });
    new Counter({
      name: 'precede_enforcer_requests_total',
      help: 'Requests decided on: sequenced (operation and session), unmatched (no operation), no_session.',
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset();
        for (const [kind, { count }] of requests) if (count > 0) this.inc({ kind }, count);
      },
    });
  }

  /** `hit`: the rule that made the decision. */
  count(verdict: Verdict, hit: Pick<RuleHit, 'source' | 'effect'> | null, kind: RequestKind): void {
    const decided = this.#decisions
      .get(verdict)
      ?.get(hit?.source ?? 'none')
      ?.get(hit?.effect ?? 'none');
    if (decided !== undefined) decided.count += 1;
    const asked = this.#requests.get(kind);
    if (asked !== undefined) asked.count += 1;
  }
}
