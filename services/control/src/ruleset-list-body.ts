/** Bodies of whole rulesets: the rules in their order, each with the identity it has or gets. */
import type { ExpressionRule, Phase } from '@precede/contracts';
import type { NamedLists } from '@precede/rules';
import { z } from 'zod';
import { addIssues, isPlainObject, issue } from './parse.ts';
import { type RuleDefinition, ruleBody } from './ruleset-body.ts';
import { phaseNamed } from './ruleset-names.ts';
import { description, withoutControls } from './texts.ts';

export const maxRulesOfPhase = 10_000;
const maxName = 255;
const maxDescription = 500;

/** What rules are checked against: those of the phase as they are, and the types of the zone's lists. */
export interface Surroundings {
  readonly phase: Phase;
  readonly rules: readonly ExpressionRule[];
  readonly lists: NamedLists;
}

const head = (phase: Phase) => ({
  id: z.unknown().optional(),
  version: z.unknown().optional(),
  last_updated: z.unknown().optional(),
  name: withoutControls(maxName, 1).optional(),
  description: description(maxDescription).optional(),
  kind: z.literal('zone', 'rulesets of this API are of kind zone').optional(),
  phase: z
    .string()
    .refine((name) => phaseNamed(name) === phase, 'is not the phase of this ruleset')
    .optional(),
});

export const rulesetBody = (around: Surroundings) =>
  z.strictObject({ ...head(around.phase), rules: ruleList(around).optional() });

const ruleList = (around: Surroundings) => {
  const schema = ruleBody(around.phase, around.lists);
  return z
    .custom<readonly unknown[]>(Array.isArray, 'must be a list of rules')
    .refine((all) => all.length <= maxRulesOfPhase, `a phase has at most ${maxRulesOfPhase} rules`)
    .transform((all, context): readonly RuleDefinition[] => {
      const look = identityChecks(around.rules);
      return all.flatMap((given, at) => {
        const read = schema.safeParse(withoutPosition(given));
        addIssues(context, [...(read.error?.issues ?? []), ...look(given)], [at]);
        return read.success ? read.data : [];
      });
    });
};

/** A position in a list is a fault of its own, not an unknown field. */
const withoutPosition = (given: unknown): unknown => {
  if (!isPlainObject(given)) return given;
  const { position: _position, ...rest } = given;
  return rest;
};

/** Ids must be those of rules that are there; neither an id nor a ref stands twice. Asked of each rule in turn. */
const identityChecks = (rules: readonly ExpressionRule[]) => {
  const known = new Set<string>(rules.map((rule) => rule.ruleId));
  const ids = new Set<string>();
  const refs = new Set<string>();
  return (given: unknown): readonly ReturnType<typeof issue>[] => {
    const { id, ref, position } = isPlainObject(given) ? given : nothing;
    const found: ReturnType<typeof issue>[] = [];
    if (typeof id === 'string') {
      const lower = id.toLowerCase();
      if (!known.has(lower)) found.push(issue('ruleIdUnknown', unknownIdText, ['id']));
      if (ids.has(lower)) found.push(issue('ruleIdTwice', 'this id stands in the list twice', ['id']));
      ids.add(lower);
    }
    if (typeof ref === 'string') {
      if (refs.has(ref)) found.push(issue('ruleRefTwice', 'this ref stands in the list twice', ['ref']));
      refs.add(ref);
    }
    if (position !== undefined)
      found.push(issue('positionRefused', 'the order of the list says the position here', ['position']));
    return found;
  };
};

const nothing: Readonly<Record<string, unknown>> = {};
const unknownIdText = 'is the id of no rule of this ruleset; leave it out for a new rule';
