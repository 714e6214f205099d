/**
 * Rules by expression: one ordered ruleset a phase. Each change works on the list, then writes the rules whose content or
 * position is another than before, and the phase's own record, which counts its versions.
 */
import type { ConfigBody, ExpressionRule, RuleId, ZoneId, ZoneSnapshot } from '@precede/contracts';
import { z } from 'zod';
import { apiError } from './errors.ts';
import { listTypesOf } from './list-values.ts';
import { addIssues, isPlainObject, issue, parseBody } from './parse.ts';
import type { Change, Plan } from './plan.ts';
import { type RuleDefinition, ruleBody } from './ruleset-body.ts';
import { maxRulesOfPhase, rulesetBody, type Surroundings } from './ruleset-list-body.ts';
import type { RulesetName } from './ruleset-names.ts';
import { positionBody } from './ruleset-position.ts';
import { definitionView, type RulesetView, rulesetView, rulesOf } from './ruleset-view.ts';
import { knownZone } from './zones.ts';

/** Of all rules of a phase as JSON: what is there fits into the body of a PUT. */
const maxPhaseBytes = 12 * 1024 * 1024;

export interface RulesetTarget {
  readonly zoneId: ZoneId;
  readonly named: RulesetName;
  readonly nowMs: number;
  readonly drawUuid: () => string;
}

const surroundingsOf = (zone: ZoneSnapshot, { phase }: RulesetName): Surroundings => ({
  phase,
  rules: rulesOf(zone, phase),
  lists: listTypesOf(zone),
});

/** `rules` absent: they stay. A rule with the id or the ref of one that is there is that rule changed. */
export const replaceRuleset =
  (target: RulesetTarget, body: unknown, isNew = false): Plan<RulesetView> =>
  (zones) => {
    const zone = knownZone(zones, target.zoneId);
    const around = surroundingsOf(zone, target.named);
    if (isNew && around.rules.length > 0)
      throw apiError(
        'rulesetExists',
        `the phase ${target.named.phase} has rules already; change its ruleset`,
      );
    const { rules: wanted, description } = parseBody(rulesetBody(around), body);
    const byId = new Map<string, ExpressionRule>(around.rules.map((rule) => [rule.ruleId, rule]));
    const byRef = new Map(around.rules.map((rule) => [rule.ref, rule]));
    const rules = wanted?.map((each) => {
      const known = each.id === undefined ? byRef.get(each.ref ?? '') : byId.get(each.id);
      return known === undefined ? newRule(target, each) : changedRule(known, each, target.nowMs);
    });
    return changeTo(zone, target, reordered(around.rules, rules ?? around.rules, target.nowMs), description);
  };

export const clearRuleset =
  (target: RulesetTarget): Plan<{ readonly id: string }> =>
  (zones) => {
    const change = changeTo(knownZone(zones, target.zoneId), target, [], '');
    return { ...change, result: () => ({ id: target.named.rulesetId }) };
  };

export const addRuleTo =
  (target: RulesetTarget, body: unknown): Plan<RulesetView> =>
  (zones) => {
    const zone = knownZone(zones, target.zoneId);
    const around = surroundingsOf(zone, target.named);
    const { place, definition } = parsePlaced(around, body, around.rules);
    const rule = newRule(target, definition);
    return changeTo(zone, target, around.rules.toSpliced(place ?? around.rules.length, 0, rule));
  };

/** What is left out stays; parameters belong to their action and are left out with it. */
export const patchRuleOf =
  (target: RulesetTarget, ruleId: RuleId, body: unknown): Plan<RulesetView> =>
  (zones) => {
    const zone = knownZone(zones, target.zoneId);
    const around = surroundingsOf(zone, target.named);
    const rule = knownRuleOf(around, ruleId);
    const others = around.rules.filter((each) => each !== rule);
    const { place, definition } = parsePlaced(around, patched(rule, body), others, rule);
    const changed = changedRule(rule, definition, target.nowMs);
    const at = around.rules.indexOf(rule);
    if ((place ?? at) === at && changed === rule) return { keep: rulesetView(zone, target.named) };
    return changeTo(zone, target, others.toSpliced(place ?? at, 0, touched(changed, target.nowMs)));
  };

export const deleteRuleOf =
  (target: RulesetTarget, ruleId: RuleId): Plan<RulesetView> =>
  (zones) => {
    const zone = knownZone(zones, target.zoneId);
    const around = surroundingsOf(zone, target.named);
    const rule = knownRuleOf(around, ruleId);
    return changeTo(
      zone,
      target,
      around.rules.filter((each) => each !== rule),
    );
  };

const knownRuleOf = ({ rules, phase }: Surroundings, ruleId: RuleId): ExpressionRule => {
  const rule = rules.find((each) => each.ruleId === ruleId);
  if (rule === undefined)
    throw apiError('expressionRuleUnknown', `there is no rule ${ruleId} in the ruleset of ${phase}`);
  return rule;
};

const patched = (rule: ExpressionRule, body: unknown): unknown => {
  if (!isPlainObject(body)) return body;
  const { action_parameters: parameters, ...rest } = {
    action_parameters: undefined,
    ...definitionView(rule),
  };
  const keepsAction = body['action'] === undefined;
  return {
    ...rest,
    ...(keepsAction && parameters !== undefined ? { action_parameters: parameters } : {}),
    ...body,
  };
};

interface Placed {
  /** How many of the others stand before it; undefined: not said. */
  readonly place: number | undefined;
  readonly definition: RuleDefinition;
}

/** One rule and perhaps its position, all faults of both at once. `self` is the rule that is changed. */
const parsePlaced = (
  around: Surroundings,
  body: unknown,
  others: readonly ExpressionRule[],
  self?: ExpressionRule,
): Placed => {
  if (self === undefined && around.rules.length >= maxRulesOfPhase)
    throw apiError('phaseRuleLimit', `a phase has at most ${maxRulesOfPhase} rules`);
  const schema = ruleBody(around.phase, around.lists);
  const placed = z.unknown().transform((given, context): Placed => {
    const { position, ...rest } = isPlainObject(given) ? given : { position: undefined };
    const read = schema.safeParse(isPlainObject(given) ? rest : given);
    const where = positionBody(others).optional().safeParse(position);
    addIssues(context, read.error?.issues ?? []);
    addIssues(context, where.error?.issues ?? [], ['position']);
    addIssues(context, identityIssues(rest, others, self));
    return read.success && where.success ? { place: where.data, definition: read.data } : z.NEVER;
  });
  return parseBody(placed, body);
};

const identityIssues = (
  { id, ref }: { readonly id?: unknown; readonly ref?: unknown },
  others: readonly ExpressionRule[],
  self: ExpressionRule | undefined,
): readonly ReturnType<typeof issue>[] => {
  const isOther = typeof id === 'string' && id.toLowerCase() !== self?.ruleId;
  const isTaken = typeof ref === 'string' && others.some((rule) => rule.ref === ref);
  return [
    ...(isOther ? [issue('ruleIdUnknown', 'is not the id of this rule; leave it out', ['id'])] : []),
    ...(isTaken ? [issue('ruleRefTwice', 'another rule of this ruleset has this ref', ['ref'])] : []),
  ];
};

const newRule = ({ named, nowMs, drawUuid }: RulesetTarget, given: RuleDefinition): ExpressionRule => {
  const ruleId = drawUuid() as RuleId;
  const { id: _id, ref, ...rest } = given;
  const times = { createdAtMs: nowMs, lastUpdatedMs: nowMs };
  return { ...rest, ruleId, phase: named.phase, position: 0, ref: ref ?? ruleId, version: 1, ...times };
};

/** The same rule where nothing is said that was not said before. */
const changedRule = (rule: ExpressionRule, given: RuleDefinition, nowMs: number): ExpressionRule => {
  const { id: _id, ref, ...rest } = given;
  const changed = { ...rule, ...rest, ref: ref ?? rule.ref };
  const isSame = JSON.stringify(definitionView(changed)) === JSON.stringify(definitionView(rule));
  return isSame ? rule : { ...changed, version: rule.version + 1, lastUpdatedMs: nowMs };
};

/** A rule that somebody moves is touched; those that make room for it are not. */
const touched = (rule: ExpressionRule, nowMs: number): ExpressionRule => ({ ...rule, lastUpdatedMs: nowMs });

/** Of a whole new list, those that stand elsewhere among the rules that stayed. */
const reordered = (
  before: readonly ExpressionRule[],
  rules: readonly ExpressionRule[],
  nowMs: number,
): readonly ExpressionRule[] => {
  const kept = new Set(rules.map((rule) => rule.ruleId));
  const old = before.filter((rule) => kept.has(rule.ruleId)).map((rule) => rule.ruleId);
  const known = new Set(old);
  let at = 0;
  return rules.map((rule) => {
    if (!known.has(rule.ruleId)) return rule;
    const isInPlace = old[at] === rule.ruleId;
    at += 1;
    return isInPlace ? rule : touched(rule, nowMs);
  });
};

const changeTo = (
  zone: ZoneSnapshot,
  { named, nowMs }: RulesetTarget,
  list: readonly ExpressionRule[],
  description?: string,
): Change<RulesetView> => {
  const { phase } = named;
  const before = rulesOf(zone, phase);
  const rules = list.map((rule, i) => (rule.position === i + 1 ? rule : { ...rule, position: i + 1 }));
  refuseTooLarge(rules);
  const old = zone.phases.get(phase);
  const info = {
    phase,
    description: description ?? old?.description ?? '',
    version: (old?.version ?? 0) + 1,
    lastUpdatedMs: nowMs,
  };
  const after: ZoneSnapshot = {
    ...zone,
    expressionRules: [...zone.expressionRules.filter((rule) => rule.phase !== phase), ...rules],
    phases: new Map([...zone.phases, [phase, info]]),
  };
  return {
    zoneId: zone.zoneId,
    bodies: [...changedBodies(before, rules), { kind: 'phase', id: phase, phase: info }],
    settings: zone.settings,
    result: () => rulesetView(after, named),
  };
};

const changedBodies = (
  before: readonly ExpressionRule[],
  rules: readonly ExpressionRule[],
): readonly ConfigBody[] => {
  const old = new Set(before);
  const kept = new Set(rules.map((rule) => rule.ruleId));
  const gone = before.filter((rule) => !kept.has(rule.ruleId));
  const written = rules.filter((rule) => !old.has(rule));
  return [
    ...gone.map(({ ruleId }) => ({ kind: 'expression_rule' as const, id: ruleId, expressionRule: null })),
    ...written.map((rule) => ({ kind: 'expression_rule' as const, id: rule.ruleId, expressionRule: rule })),
  ];
};

const refuseTooLarge = (rules: readonly ExpressionRule[]): void => {
  let bytes = 0;
  for (const rule of rules) bytes += Buffer.byteLength(JSON.stringify(definitionView(rule)));
  if (bytes > maxPhaseBytes)
    throw apiError('phaseRuleLimit', `the rules of a phase have at most ${maxPhaseBytes} bytes as JSON`);
};
