/**
 * The rules by expression of one zone, compiled once with its snapshot: one set a phase over one layout of fields, so that
 * a request is laid out once for all of them.
 */
import { type ExpressionRule, type NamedListConfig, Phase, type ZoneSnapshot } from '@precede/contracts';
import {
  type CompileOptions,
  type Condition,
  compileExpression,
  compileValueExpression,
  FieldLayout,
  fromText,
  type Getter,
  listTypes,
  type Match,
  type NamedLists,
  type ParsedRule,
  type ParsedText,
  parseList,
  parseRule,
  RuleSet,
} from '@precede/rules';
import type { FieldReader } from './fields/context.ts';
import { readerOf } from './fields/readers.ts';
import { type TextGetter, textOf } from './text.ts';

export interface CompiledHeader {
  readonly name: string;
  readonly operation: 'set' | 'add' | 'remove';
  readonly text: TextGetter;
}

/** One rule, ready to run: what a set finds. */
export interface PhaseRule {
  readonly rule: ExpressionRule;
  readonly parsed: ParsedRule;
  /** Of a rate limit that counts other requests than it matches: whether it matches. Else null. */
  readonly matches: Condition | null;
  /** Of such a one: whether the request counts. */
  readonly counts: Condition | null;
  readonly characteristics: readonly (Getter | 'session')[];
  readonly target: TextGetter;
  readonly headers: readonly CompiledHeader[];
}

export interface PhaseRules {
  readonly sets: Readonly<Record<Phase, RuleSet<PhaseRule>>>;
  /** By slot. */
  readonly readers: readonly FieldReader[];
  /** Slot of cf.sequence.current_op, or -1. */
  readonly operationSlot: number;
  readonly lists: NamedLists;
  readonly count: number;
}

export type CompiledPhases =
  | { readonly kind: 'compiled'; readonly phases: PhaseRules }
  | { readonly kind: 'refused'; readonly faults: readonly string[] };

/** Throws where an item is none of its kind: what control has checked is taken as it is. */
const namedListsOf = (lists: ReadonlyMap<string, NamedListConfig>): NamedLists =>
  new Map(
    [...lists].map(([name, { kind, items }]) => [
      name,
      parseList(
        listTypes[kind],
        items.map((item) => fromText(item.value)),
      ),
    ]),
  );

/** O(characters of the rules and lists). Disabled rules are left out. */
export const compilePhases = (snapshot: ZoneSnapshot): CompiledPhases => {
  const faults: string[] = [];
  let lists: NamedLists;
  try {
    lists = namedListsOf(snapshot.lists);
  } catch (error) {
    return { kind: 'refused', faults: [`lists: ${(error as Error).message}`] };
  }
  const byPhase = new Map<Phase, { expression: Match; tag: PhaseRule }[]>();
  const options = { layout: new FieldLayout(), lists };
  for (const rule of snapshot.expressionRules.filter((each) => each.isEnabled)) {
    const result = parseRule(rule, lists);
    if (result.kind === 'faults') {
      for (const { path, fault } of result.faults)
        faults.push(
          `rule ${rule.ruleId}, ${path.join('.')}: ${fault.line}:${fault.column}: ${fault.message}`,
        );
      continue;
    }
    const tag = compileRule(rule, result.rule, options);
    const known = byPhase.get(rule.phase) ?? [];
    byPhase.set(rule.phase, known);
    // A rule that counts apart is asked for every request, whatever it matches.
    known.push({ expression: tag.counts === null ? result.rule.match : null, tag });
  }
  if (faults.length > 0) return { kind: 'refused', faults };
  return { kind: 'compiled', phases: assemble(byPhase, options) };
};

const assemble = (
  byPhase: ReadonlyMap<Phase, readonly { readonly expression: Match; readonly tag: PhaseRule }[]>,
  options: Required<CompileOptions>,
): PhaseRules => {
  const setOf = (phase: Phase): RuleSet<PhaseRule> => new RuleSet(byPhase.get(phase) ?? [], options);
  const sets = {
    [Phase.redirect]: setOf(Phase.redirect),
    [Phase.custom]: setOf(Phase.custom),
    [Phase.ratelimit]: setOf(Phase.ratelimit),
    [Phase.lateTransform]: setOf(Phase.lateTransform),
  };
  const { fields } = options.layout;
  return {
    sets,
    readers: fields.map(readerOf),
    operationSlot: fields.findIndex((field) => field.name === 'cf.sequence.current_op'),
    lists: options.lists,
    count: [...byPhase.values()].reduce((sum, rules) => sum + rules.length, 0),
  };
};

const compileRule = (rule: ExpressionRule, parsed: ParsedRule, options: CompileOptions): PhaseRule => {
  const conditionOf = (match: Match): Condition =>
    match === null ? () => true : compileExpression(match, options);
  const textGetter = (text: ParsedText | null): TextGetter => {
    if (text === null) return () => undefined;
    if (text.kind === 'value') {
      const bytes = fromText(text.value);
      return () => bytes;
    }
    const { type } = text.expression;
    const get = compileValueExpression(text.expression, options);
    return (slots) => textOf(get(slots), type);
  };
  const { counting } = parsed;
  return {
    rule,
    parsed,
    matches: counting === undefined ? null : conditionOf(parsed.match),
    counts: counting === undefined ? null : conditionOf(counting),
    characteristics: parsed.characteristics.map((each) =>
      each === 'session' ? each : compileValueExpression(each, options),
    ),
    target: textGetter(parsed.target),
    headers: parsed.headers.map(({ name, operation, value }) => ({
      name,
      operation,
      text: textGetter(value),
    })),
  };
};
