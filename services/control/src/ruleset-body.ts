/**
 * What a client may send as a rule by expression, checked against the zone as it is when the change is planned: every
 * fault of its members and of all its expressions at once, with pointers into what was sent.
 */
import {
  type ExpressionRule,
  isRuleId,
  Phase,
  type RateLimit,
  type RuleAction,
  type RuleId,
} from '@precede/contracts';
import { type NamedLists, parseRule, type RuleFault } from '@precede/rules';
import { z } from 'zod';
import { addIssues, isPlainObject, issue } from './parse.ts';
import { type ActionName, actionsOf, parametersOf } from './ruleset-actions.ts';
import { placeAsGiven, rateLimitBody } from './ruleset-ratelimit.ts';
import { description, withoutControls } from './texts.ts';

const maxDescription = 500;
const maxRef = 128;
/** Of a rule as JSON: what is recorded of a change has it twice. */
const maxRuleBytes = 64 * 1024;

/** What a client says of a rule; the rest is ours. */
export type RuleDefinition = Pick<
  ExpressionRule,
  'description' | 'isEnabled' | 'expression' | 'action' | 'ratelimit' | 'isLogOnly' | 'rolloutPercent'
> & { readonly id: RuleId | undefined; readonly ref: string | undefined };

/** Members that are only read; clients send back what they were shown. */
const passedOver = {
  version: z.unknown().optional(),
  last_updated: z.unknown().optional(),
  categories: z.unknown().optional(),
};

const ruleIdText = z.string().transform((text, context): RuleId => {
  const id = text.toLowerCase();
  if (isRuleId(id)) return id;
  context.addIssue(issue('ruleIdUnknown', 'is the id of no rule; leave it out for a new one'));
  return z.NEVER;
});

const members = (phase: Phase) =>
  z.strictObject({
    ...passedOver,
    id: ruleIdText.optional(),
    ref: withoutControls(maxRef, 1).optional(),
    description: description(maxDescription).default(''),
    enabled: z.boolean().default(true),
    expression: z.string(),
    action: z.enum(actionsOf[phase]),
    action_parameters: z.unknown().optional(),
    ...(phase === Phase.ratelimit ? { ratelimit: z.unknown().optional() } : {}),
    logging: z
      .strictObject({
        enabled: z.literal(true, 'what a rule did is always recorded: true is the only value'),
      })
      .optional(),
    log_only: z.boolean().default(false),
    rollout_percent: z.int().min(0).max(100).default(100),
  });

type Raw = Readonly<Record<string, unknown>>;
type Issues = z.core.$ZodIssue[];

/** `lists` need only tell their types. */
export const ruleBody = (phase: Phase, lists: NamedLists) => {
  const schema = members(phase);
  return z.unknown().transform((given, context): RuleDefinition => {
    const issues: Issues = [];
    const read = schema.safeParse(given);
    if (!read.success) issues.push(...read.error.issues);
    const raw = isPlainObject(given) ? given : {};
    const action = readAction(phase, raw, issues);
    const ratelimit = phase === Phase.ratelimit && isPlainObject(given) ? readRateLimit(raw, issues) : null;
    if (typeof raw['expression'] === 'string') {
      const texts = {
        expression: raw['expression'],
        action: action ?? anyAction,
        ratelimit: ratelimit ?? null,
      };
      const result = parseRule(texts, lists);
      if (result.kind === 'faults') issues.push(...result.faults.map((fault) => expressionIssue(fault, raw)));
    }
    if (Buffer.byteLength(JSON.stringify(raw)) > maxRuleBytes)
      issues.push(asIssue(issue('invalid', `a rule has at most ${maxRuleBytes} bytes as JSON`)));
    addIssues(context, issues);
    if (!read.success || action === undefined || ratelimit === undefined || issues.length > 0) return z.NEVER;
    const { id, ref, enabled, expression, log_only, rollout_percent } = read.data;
    return {
      id,
      ref,
      description: read.data.description,
      isEnabled: enabled,
      expression,
      action,
      ratelimit,
      isLogOnly: log_only,
      rolloutPercent: rollout_percent,
    };
  });
};

/** Stands where the action could not be read, so that the other texts are checked all the same. */
const anyAction: RuleAction = { kind: 'log' };

const readAction = (phase: Phase, raw: Raw, issues: Issues): RuleAction | undefined => {
  const name = raw['action'];
  if (!(actionsOf[phase] as readonly unknown[]).includes(name)) return undefined;
  const read = parametersOf[name as ActionName].safeParse(raw['action_parameters']);
  if (read.success) return read.data;
  issues.push(...under('action_parameters', read.error.issues));
  return undefined;
};

const readRateLimit = (raw: Raw, issues: Issues): RateLimit | undefined => {
  const read = rateLimitBody.safeParse(raw['ratelimit']);
  if (read.success) return read.data;
  issues.push(...under('ratelimit', read.error.issues));
  return undefined;
};

const under = (name: string, found: Issues): Issues =>
  found.map((each) => ({ ...each, path: [name, ...each.path] }));

const asIssue = (made: ReturnType<typeof issue>): z.core.$ZodIssue => ({ input: undefined, ...made });

const expressionIssue = ({ path, fault }: RuleFault, raw: Raw): z.core.$ZodIssue => {
  const where = `line ${fault.line}, column ${fault.column}`;
  const message = `${where}: ${fault.message}; ${fault.hint}`;
  return asIssue(issue('expressionInvalid', message, [...pathInBody(path, raw)]));
};

const placeInBody = (raw: Raw, place: number): number => {
  const ratelimit = isPlainObject(raw['ratelimit']) ? raw['ratelimit'] : {};
  return placeAsGiven(ratelimit['characteristics'], place);
};

/** From a place in an ExpressionRule to the place in the body that it was read from. */
const pathInBody = (path: RuleFault['path'], raw: Raw): readonly (string | number)[] => {
  const [first, second, third] = path;
  if (first === 'ratelimit' && second === 'countingExpression') return ['ratelimit', 'counting_expression'];
  if (first === 'ratelimit') return ['ratelimit', 'characteristics', placeInBody(raw, Number(third))];
  if (first !== 'action') return path;
  if (second === 'target') return ['action_parameters', 'from_value', 'target_url', 'expression'];
  const parameters = raw['action_parameters'];
  const headers =
    isPlainObject(parameters) && isPlainObject(parameters['headers']) ? parameters['headers'] : {};
  return ['action_parameters', 'headers', Object.keys(headers)[Number(third)] ?? '', 'expression'];
};
