/**
 * What is counted at every decision, in plain numbers: labels are looked up when the metrics are scraped and not before
 * (bench/src/enforcer-decide.bench.ts).
 */
import { mitigationSource, Phase, type RuleSource, Verdict } from '@precede/contracts';
import type { Registry } from '@precede/service';
import { Counter } from 'prom-client';

const verdicts = Object.values(Verdict);
const rules = [...Object.values(Phase), mitigationSource, 'none'] as const;
const kinds = ['sequenced', 'unmatched', 'no_session'] as const;
export type RequestKind = (typeof kinds)[number];

export class DecisionCounts {
  readonly #decisions = new Map<Verdict, Map<RuleSource | 'none', number>>();
  readonly #requests = new Map<RequestKind, number>();

  constructor(registry: Registry) {
    const [decisions, requests] = [this.#decisions, this.#requests];
    const registers = [registry];
    new Counter({
      name: 'precede_enforcer_decisions_total',
      help: 'Decisions, by verdict and by the phase of the rule that made it, or sequence mitigation.',
      labelNames: ['verdict', 'rule'],
      registers,
      collect() {
        this.reset();
        for (const verdict of verdicts)
          for (const rule of rules) {
            const count = decisions.get(verdict)?.get(rule);
            if (count !== undefined) this.inc({ verdict, rule }, count);
          }
      },
    });
    new Counter({
      name: 'precede_enforcer_requests_total',
      help: 'Requests decided on: sequenced (operation and session), unmatched (no operation), no_session.',
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset();
        for (const kind of kinds) {
          const count = requests.get(kind);
          if (count !== undefined) this.inc({ kind }, count);
        }
      },
    });
  }

  count(verdict: Verdict, rule: RuleSource | 'none', kind: RequestKind): void {
    let byRule = this.#decisions.get(verdict);
    if (byRule === undefined) {
      byRule = new Map();
      this.#decisions.set(verdict, byRule);
    }
    byRule.set(rule, (byRule.get(rule) ?? 0) + 1);
    this.#requests.set(kind, (this.#requests.get(kind) ?? 0) + 1);
  }
}
