/** One round through the phases: rules are asked in their order until one keeps the request from the origin. */

import { mitigationSource, Phase, type RuleSource, type Verdict } from '@precede/contracts';
import {
  type CompiledRule,
  decideMitigation,
  type MitigationRule,
  type MitigationVerdict,
} from '@precede/rules';
import { andThen, type Soon } from '@precede/service';
import type { RequestHeaderChange } from './decision.ts';
import { evidenceOf } from './evidence.ts';
import { type Effect, isLogged, noEvidence, type Outcome, type RuleHit } from './outcome.ts';
import type { PhaseRule } from './phase-rules.ts';
import type { RateCounter, RateVerdict } from './ports.ts';
import type { Question } from './question.ts';
import { rateKeyOf } from './rate-key.ts';
import { locationOf } from './redirect.ts';
import { isRolledOut } from './rollout.ts';
import { isHeaderText } from './text.ts';

type Rules = readonly CompiledRule<PhaseRule>[];

const none: Rules = Object.freeze([]);
const noHits: readonly RuleHit[] = Object.freeze([]);
const noChanges: readonly RequestHeaderChange[] = Object.freeze([]);

export class Round {
  readonly #question: Question;
  readonly #rates: RateCounter;
  #hits: RuleHit[] | undefined;
  #skipped: Set<RuleSource> | undefined;
  #mitigation: MitigationVerdict | null = null;
  #changes: RequestHeaderChange[] | undefined;
  #location = '';
  #retryAfterMs = 0;

  constructor(question: Question, rates: RateCounter) {
    this.#question = question;
    this.#rates = rates;
  }

  run(): Soon<Outcome> {
    const denied = this.#redirect() ?? this.#custom();
    if (denied !== null) return this.#outcome(denied);
    return andThen(this.#limit(this.#rulesOf(Phase.ratelimit), 0), (limited) =>
      this.#outcome(limited ?? this.#mitigate() ?? this.#transform()),
    );
  }

  /** Those that may match; none where the phase is skipped. */
  #rulesOf(phase: Phase): Rules {
    if (this.#skipped?.has(phase) === true) return none;
    return this.#question.table.phases.sets[phase].rulesFor(this.#question.probe);
  }

  #redirect(): RuleHit | null {
    for (const { tag, matches } of this.#rulesOf(Phase.redirect)) {
      if (!matches(this.#question.slots)) continue;
      const location = locationOf(tag, this.#question);
      // A target that cannot be worked out redirects nowhere.
      if (location === undefined) continue;
      const hit = this.#hit(tag, 'redirect');
      if (!hit.isEnforced) continue;
      this.#location = location;
      return hit;
    }
    return null;
  }

  #custom(): RuleHit | null {
    for (const { tag, matches } of this.#rulesOf(Phase.custom)) {
      if (!matches(this.#question.slots)) continue;
      const { action } = tag.rule;
      if (action.kind === 'skip') {
        const { isEnforced } = this.#hit(tag, 'skip');
        if (!isEnforced) continue;
        for (const source of action.sources) this.#skip(source);
        if (action.isRestOfPhase) return null;
      } else {
        const hit = this.#hit(tag, action.kind === 'block' ? 'block' : 'log');
        if (action.kind === 'block' && hit.isEnforced) return hit;
      }
    }
    return null;
  }

  #skip(source: RuleSource): void {
    this.#skipped ??= new Set();
    this.#skipped.add(source);
  }

  /** One limit after the other, as each may wait for its counter. */
  #limit(rules: Rules, from: number): Soon<RuleHit | null> {
    for (let at = from; at < rules.length; at += 1) {
      const { tag, matches } = rules[at] as CompiledRule<PhaseRule>;
      const { slots } = this.#question;
      const isMatch = (tag.matches ?? matches)(slots);
      const counts = tag.counts === null ? isMatch : tag.counts(slots);
      if (!isMatch && !counts) continue;
      const verdict = this.#count(tag, counts);
      if (!(verdict instanceof Promise)) {
        const hit = isMatch ? this.#limited(tag, verdict) : null;
        if (hit !== null) return hit;
        continue;
      }
      return verdict.then(
        (late) => (isMatch ? this.#limited(tag, late) : null) ?? this.#limit(rules, at + 1),
      );
    }
    return null;
  }

  #count(tag: PhaseRule, counts: boolean): Soon<RateVerdict> {
    const { ratelimit } = tag.rule;
    if (ratelimit === null) return { isOver: false, retryAfterMs: 0 };
    return this.#rates.hit(rateKeyOf(tag, this.#question), ratelimit, this.#question.timeMs, counts);
  }

  #limited(tag: PhaseRule, { isOver, retryAfterMs }: RateVerdict): RuleHit | null {
    if (!isOver) return null;
    const hit = this.#hit(tag, tag.rule.action.kind === 'block' ? 'limit' : 'log');
    if (hit.effect !== 'limit' || !hit.isEnforced) return null;
    this.#retryAfterMs = retryAfterMs;
    return hit;
  }

  #mitigate(): RuleHit | null {
    const { operation, table, runs } = this.#question;
    if (operation === undefined || this.#skipped?.has(mitigationSource) === true) return null;
    const verdict = decideMitigation(table.rules, operation.shortId, runs, this.#enforces);
    this.#mitigation = verdict;
    for (const rule of verdict.logged) this.#add(mitigationHit(rule, rule.action === 'log'));
    if (verdict.kind !== 'block' || verdict.rule === null) return null;
    return this.#add(mitigationHit(verdict.rule, true));
  }

  readonly #enforces = ({ ruleId, rolloutPercent }: MitigationRule): boolean =>
    !this.#question.table.isLogOnly && isRolledOut(rolloutPercent, ruleId, this.#question.who);

  /** Nothing keeps the request from the origin. */
  #transform(): null {
    for (const { tag, matches } of this.#rulesOf(Phase.lateTransform)) {
      if (!matches(this.#question.slots)) continue;
      if (this.#hit(tag, 'rewrite').isEnforced) this.#change(tag);
    }
    return null;
  }

  #change({ headers }: PhaseRule): void {
    for (const { name, operation, text } of headers) {
      const value = operation === 'remove' ? '' : text(this.#question.slots);
      // What is missing, or would end the line, changes nothing.
      if (value === undefined || !isHeaderText(value)) continue;
      this.#changes ??= [];
      this.#changes.push({ name, operation, value });
    }
  }

  #hit(phaseRule: PhaseRule, effect: Effect): RuleHit {
    const { rule } = phaseRule;
    const { table, who } = this.#question;
    const isEnforced =
      !table.isLogOnly && !rule.isLogOnly && isRolledOut(rule.rolloutPercent, rule.ruleId, who);
    const name = rule.description;
    return this.#add({
      ...{ source: rule.phase, ruleId: rule.ruleId, name, effect, isEnforced, phaseRule },
      mitigation: null,
    });
  }

  #add(hit: RuleHit): RuleHit {
    this.#hits ??= [];
    this.#hits.push(hit);
    return hit;
  }

  #outcome(denied: RuleHit | null): Outcome {
    const hits = this.#hits ?? noHits;
    const wouldDo = denied ?? hits.find(isLogged) ?? null;
    const kind: Verdict = denied !== null ? 'block' : wouldDo !== null ? 'log' : 'allow';
    return {
      kind,
      operation: this.#question.operation,
      hit: wouldDo ?? this.#passedBy(),
      hits,
      mitigation: this.#mitigation,
      location: denied === null ? '' : this.#location,
      retryAfterMs: denied === null ? 0 : this.#retryAfterMs,
      requestHeaders: denied === null ? (this.#changes ?? noChanges) : noChanges,
      evidence: kind === 'allow' && !this.#question.isSampled ? noEvidence : evidenceOf(this.#question),
    };
  }

  /** The allow rule that let the request pass. */
  #passedBy(): RuleHit | null {
    const verdict = this.#mitigation;
    return verdict === null || verdict.rule === null ? null : mitigationHit(verdict.rule, true);
  }
}

/** A rule with action block that is not enforced logs as one with action log does. */
const mitigationHit = (rule: MitigationRule, isEnforced: boolean): RuleHit => ({
  source: mitigationSource,
  ruleId: rule.ruleId,
  name: rule.title,
  effect: rule.action,
  isEnforced,
  phaseRule: null,
  mitigation: rule,
});
