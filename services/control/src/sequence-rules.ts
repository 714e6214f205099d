/**
 * Sequence rules of a zone: one ordered list, position 1 asked first. Each change works on the list and then writes the
 * rules whose content or position is another than before; a rule that only moved keeps its last_updated.
 */
import type { ConfigBody, RuleId, SequenceRule, ZoneId, ZoneSnapshot } from '@precede/contracts';
import { timestamp } from './envelope.ts';
import { apiError } from './errors.ts';
import { parseBody } from './parse.ts';
import type { Change, Plan } from './plan.ts';
import {
  maxRules,
  type NewRule,
  newRuleBody,
  type RuleList,
  ruleListBody,
  rulePatchBody,
} from './sequence-rule-body.ts';
import { knownZone } from './zones.ts';

export type RuleView = ReturnType<typeof ruleView>;

export const ruleView = (rule: SequenceRule) => ({
  id: rule.ruleId,
  title: rule.title,
  kind: rule.kind,
  action: rule.action,
  sequence: [rule.start, rule.end] as const,
  position: rule.position,
  rollout_percent: rule.rolloutPercent ?? 100,
  created_at: timestamp(rule.createdAtMs),
  last_updated: timestamp(rule.lastUpdatedMs),
});

export const knownRule = (zone: ZoneSnapshot, id: RuleId): SequenceRule => {
  const rule = zone.rules.find((each) => each.ruleId === id);
  if (rule === undefined) throw apiError('ruleUnknown', `there is no sequence rule ${id} in this zone`);
  return rule;
};

/** Bodies are read inside the plan: whether an operation is saved is asked of the zone the change is made to. */
export const addRule =
  (zoneId: ZoneId, body: unknown, nowMs: number, drawUuid: () => string): Plan<RuleView> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const wanted = parseBody(newRuleBody(zone), body);
    if (zone.rules.length >= maxRules)
      throw apiError('ruleLimit', `a zone has at most ${maxRules} sequence rules`);
    const rule = newRule(wanted, drawUuid() as RuleId, nowMs);
    const list = placed(zone.rules, rule, wanted.position?.index);
    return changeTo(zone, list, (rules) => ruleView(oneOf(rules, rule.ruleId)));
  };

export const patchRule =
  (zoneId: ZoneId, id: RuleId, body: unknown, nowMs: number): Plan<RuleView> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const rule = knownRule(zone, id);
    const patch = parseBody(rulePatchBody(zone), body);
    const [start, end] = patch.sequence ?? [rule.start, rule.end];
    const { priority: before, rolloutPercent, ...rest } = rule;
    const priority = patch.position === undefined ? (patch.priority ?? before) : undefined;
    const changed: SequenceRule = {
      ...rest,
      title: patch.title ?? rule.title,
      kind: patch.kind ?? rule.kind,
      action: patch.action ?? rule.action,
      start,
      end,
      ...(priority === undefined ? {} : { priority }),
      ...rollout(patch.rollout_percent ?? rolloutPercent),
      lastUpdatedMs: nowMs,
    };
    const isMoved = patch.position !== undefined || patch.priority !== undefined;
    const others = zone.rules.filter((each) => each !== rule);
    const list = isMoved
      ? placed(others, changed, patch.position?.index)
      : zone.rules.map((each) => (each === rule ? changed : each));
    return changeTo(zone, list, (rules) => ruleView(oneOf(rules, id)));
  };

export const deleteRule =
  (zoneId: ZoneId, id: RuleId): Plan<{ readonly id: RuleId }> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const rule = knownRule(zone, id);
    return changeTo(
      zone,
      zone.rules.filter((each) => each !== rule),
      () => ({ id }),
    );
  };

export const replaceRules =
  (
    zoneId: ZoneId,
    body: unknown,
    nowMs: number,
    drawUuid: () => string,
  ): Plan<{ readonly rules: readonly RuleView[] }> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const { rules } = parseBody(ruleListBody(zone), body);
    const list = byPriority(rules).map((each) => {
      const rule = newRule(each, each.id ?? (drawUuid() as RuleId), nowMs);
      return each.id === undefined ? rule : { ...rule, createdAtMs: knownRule(zone, each.id).createdAtMs };
    });
    return changeTo(zone, list, (placedRules) => ({ rules: placedRules.map(ruleView) }));
  };

const newRule = (wanted: NewRule | RuleList[number], ruleId: RuleId, nowMs: number): SequenceRule => {
  const [start, end] = wanted.sequence;
  const { title, kind, action, priority } = wanted;
  return {
    ruleId,
    title,
    kind,
    action,
    start,
    end,
    position: 0,
    ...(priority === undefined ? {} : { priority }),
    ...rollout(wanted.rollout_percent),
    createdAtMs: nowMs,
    lastUpdatedMs: nowMs,
  };
};

/** A rule for every session says nothing of it, as rules of before roll-outs. */
const rollout = (percent: number | undefined): { readonly rolloutPercent?: number } =>
  percent === undefined || percent === 100 ? {} : { rolloutPercent: percent };

/** Higher first, ties as they stand. */
const byPriority = (rules: RuleList): RuleList =>
  [...rules].sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0));

/** At the index; else before the first rule that its priority goes before (ties by age); else at the end. */
const placed = (
  rules: readonly SequenceRule[],
  rule: SequenceRule,
  index: number | undefined,
): readonly SequenceRule[] => {
  const at = index === undefined ? rules.findIndex((each) => goesBefore(rule, each)) : index - 1;
  return at === -1 ? [...rules, rule] : rules.toSpliced(at, 0, rule);
};

const goesBefore = (rule: SequenceRule, other: SequenceRule): boolean => {
  if (rule.priority === undefined || other.priority === undefined) return false;
  if (rule.priority !== other.priority) return rule.priority > other.priority;
  return rule.createdAtMs < other.createdAtMs;
};

const oneOf = (rules: readonly SequenceRule[], id: RuleId): SequenceRule =>
  rules.find((rule) => rule.ruleId === id) as SequenceRule;

const changeTo = <R>(
  zone: ZoneSnapshot,
  list: readonly SequenceRule[],
  result: (rules: readonly SequenceRule[]) => R,
): Change<R> => {
  const rules = list.map((rule, i) => (rule.position === i + 1 ? rule : { ...rule, position: i + 1 }));
  const before = new Set(zone.rules);
  const kept = new Set(rules.map((rule) => rule.ruleId));
  const bodies: ConfigBody[] = [
    ...zone.rules
      .filter((rule) => !kept.has(rule.ruleId))
      .map((rule) => ({ kind: 'sequence_rule' as const, id: rule.ruleId, rule: null })),
    ...rules
      .filter((rule) => !before.has(rule))
      .map((rule) => ({ kind: 'sequence_rule' as const, id: rule.ruleId, rule })),
  ];
  return { zoneId: zone.zoneId, bodies, settings: zone.settings, result: () => result(rules) };
};
