/** What a client may send as a sequence rule, checked against the zone as it is when the change is planned. */
import {
  isOperationId,
  isRuleId,
  type OperationId,
  type RuleId,
  type ZoneSnapshot,
} from '@precede/contracts';
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

const savedOperation = (zone: ZoneSnapshot) =>
  z.string().transform((text, context): OperationId => {
    const id = text.toLowerCase();
    if (!isOperationId(id)) context.addIssue(issue('invalid', 'must be the UUID of an operation'));
    else if (zone.operations.has(id)) return id;
    else context.addIssue(issue('ruleOperationUnknown', `operation ${id} is not saved in this zone`));
    return z.NEVER;
  });

const sequenceOf = (zone: ZoneSnapshot) =>
  z.tuple([savedOperation(zone), savedOperation(zone)]).superRefine((pair, context) => {
    const [start, end] = pair.map((id) => zone.operations.get(id)?.host);
    if (start !== end)
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
  rollout_percent: z.int().min(0).max(100).optional(),
});
const priority = z
  .int()
  .min(-maxPriority - 1)
  .max(maxPriority)
  .optional();

/** Asked of the raw body, so that it is told beside the faults of single fields. */
const eitherPlace = {
  check: (body: { position?: unknown; priority?: unknown }): boolean =>
    body.position === undefined || body.priority === undefined,
  told: {
    ...issue('positionRefused', 'give position or priority, not both', ['priority']),
    when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
  },
};

export const newRuleBody = (zone: ZoneSnapshot) =>
  z
    .strictObject({ ...fields(zone), position: positionUpTo(zone.rules.length + 1).optional(), priority })
    .refine(eitherPlace.check, eitherPlace.told);
export type NewRule = z.infer<ReturnType<typeof newRuleBody>>;

export const rulePatchBody = (zone: ZoneSnapshot) =>
  z
    .strictObject({ ...fields(zone), position: positionUpTo(zone.rules.length), priority })
    .partial()
    .refine(eitherPlace.check, eitherPlace.told);

const knownRuleId = (zone: ZoneSnapshot) =>
  z.string().transform((text, context): RuleId => {
    const id = text.toLowerCase();
    if (isRuleId(id) && zone.rules.some((rule) => rule.ruleId === id)) return id;
    context.addIssue(
      issue('ruleIdUnknown', 'is the id of no rule of this zone; leave it out for a new rule'),
    );
    return z.NEVER;
  });

const refusedPosition = z
  .unknown()
  .superRefine((_position, context) => {
    context.addIssue(issue('positionRefused', 'the order of the list says the position here'));
  })
  .optional();

/** The whole list; a rule with the `id` of an existing one is that rule changed. */
export const ruleListBody = (zone: ZoneSnapshot) =>
  z.strictObject({
    rules: z
      .array(
        z.strictObject({
          ...fields(zone),
          id: knownRuleId(zone).optional(),
          position: refusedPosition,
          priority,
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
