/** What a client may send as a sequence rule, checked against the zone as it is when the change is planned. */
import { isOperationId, isRuleId, type RuleId, type ZoneSnapshot } from '@precede/contracts';
import { z } from 'zod';
import { issue } from './parse.ts';

export const maxRules = 1_000;
const maxTitleLength = 50;
const maxPriority = 2 ** 31 - 1;

const title = z
  .string()
  .refine(
    (text) => text !== '' && [...text].length <= maxTitleLength,
    `must be 1 to ${maxTitleLength} characters`,
  )
  .refine((text) => text.isWellFormed(), 'must be well-formed Unicode');

const operationId = z.string().transform((text, context) => {
  const id = text.toLowerCase();
  if (isOperationId(id)) return id;
  context.addIssue(issue('invalid', 'must be the UUID of an operation'));
  return z.NEVER;
});

const sequenceOf = (zone: ZoneSnapshot) =>
  z.tuple([operationId, operationId]).superRefine((pair, context) => {
    for (const [i, id] of pair.entries())
      if (!zone.operations.has(id))
        context.addIssue(issue('ruleOperationUnknown', `operation ${id} is not saved in this zone`, [i]));
    const [start, end] = pair.map((id) => zone.operations.get(id)?.host);
    if (start !== undefined && end !== undefined && start !== end)
      context.addIssue(
        issue('ruleHostsDiffer', `both operations must have the same host, these have ${start} and ${end}`),
      );
  });

/** `lastIndex` is the highest position there may be. */
const positionUpTo = (lastIndex: number) =>
  z.strictObject({ index: z.int().min(1) }).superRefine(({ index }, context) => {
    if (index > lastIndex)
      context.addIssue(
        issue('positionOutOfRange', `index ${index} is beyond the end; the highest is ${lastIndex}`, [
          'index',
        ]),
      );
  });

const fields = (zone: ZoneSnapshot) => ({
  title,
  kind: z.enum(['allow', 'block']),
  action: z.enum(['block', 'log']),
  sequence: sequenceOf(zone),
});
const priority = z
  .int()
  .min(-maxPriority - 1)
  .max(maxPriority)
  .optional();

const eitherPlace = (body: { position?: unknown; priority?: unknown }, context: z.RefinementCtx): void => {
  if (body.position !== undefined && body.priority !== undefined)
    context.addIssue(issue('positionRefused', 'give position or priority, not both', ['priority']));
};

export const newRuleBody = (zone: ZoneSnapshot) =>
  z
    .strictObject({ ...fields(zone), position: positionUpTo(zone.rules.length + 1).optional(), priority })
    .superRefine(eitherPlace);
export type NewRule = z.infer<ReturnType<typeof newRuleBody>>;

export const rulePatchBody = (zone: ZoneSnapshot) =>
  z
    .strictObject({ ...fields(zone), position: positionUpTo(zone.rules.length), priority })
    .partial()
    .superRefine(eitherPlace);
export type RulePatch = z.infer<ReturnType<typeof rulePatchBody>>;

const knownRuleId = (zone: ZoneSnapshot) =>
  z.string().transform((text, context): RuleId => {
    const id = text.toLowerCase();
    if (isRuleId(id) && zone.rules.some((rule) => rule.ruleId === id)) return id;
    context.addIssue(issue('ruleUnknown', 'is the id of no rule of this zone; leave it out for a new rule'));
    return z.NEVER;
  });

/** The whole list; a rule with the `id` of an existing one is that rule changed. */
export const ruleListBody = (zone: ZoneSnapshot) =>
  z.strictObject({
    rules: z
      .array(
        z
          .strictObject({
            ...fields(zone),
            id: knownRuleId(zone).optional(),
            position: z.unknown().optional(),
            priority,
          })
          .superRefine((rule, context) => {
            if (rule.position !== undefined)
              context.addIssue(
                issue('positionRefused', 'the order of the list says the position here', ['position']),
              );
          }),
      )
      .max(maxRules)
      .superRefine(consistentList),
  });
export type RuleList = z.infer<ReturnType<typeof ruleListBody>>['rules'];

const consistentList = (
  rules: readonly { id?: RuleId | undefined; priority?: number | undefined }[],
  context: z.RefinementCtx,
): void => {
  const withPriority = rules.filter((rule) => rule.priority !== undefined).length;
  const seen = new Set<RuleId>();
  for (const [i, rule] of rules.entries()) {
    if (withPriority > 0 && rule.priority === undefined)
      context.addIssue(issue('positionRefused', 'either all rules of the list have a priority or none', [i]));
    if (rule.id === undefined) continue;
    if (seen.has(rule.id))
      context.addIssue(issue('ruleIdTwice', 'this id stands in the list twice', [i, 'id']));
    seen.add(rule.id);
  }
};
