/** Where a rule goes in its ruleset: `{"index": n}` from 1, `{"before": id}`, `{"after": id}`; an empty id is an end. */
import type { ExpressionRule } from '@precede/contracts';
import { z } from 'zod';
import { issue } from './parse.ts';

/** `others`: the rules without the one that is placed. Gives how many of them stand before it. */
export const positionBody = (others: readonly ExpressionRule[]) =>
  z
    .strictObject({
      index: z.int().min(1).optional(),
      before: z.string().optional(),
      after: z.string().optional(),
    })
    .transform((given, context): number => {
      const { index, before, after } = given;
      if ([index, before, after].filter((each) => each !== undefined).length !== 1)
        return refuse(context, issue('invalid', 'must have one of index, before and after'));
      if (index !== undefined)
        return index <= others.length + 1 ? index - 1 : refuse(context, beyond(others));
      if (before === '') return 0;
      if (after === '') return others.length;
      const name = before === undefined ? 'after' : 'before';
      const at = others.findIndex((rule) => rule.ruleId === (before ?? after)?.toLowerCase());
      if (at === -1)
        return refuse(context, issue('ruleIdUnknown', 'is the id of no other rule of this ruleset', [name]));
      return name === 'before' ? at : at + 1;
    });

const beyond = (others: readonly ExpressionRule[]) =>
  issue('positionOutOfRange', `is beyond the end; the highest index is ${others.length + 1}`, ['index']);

const refuse = (context: z.RefinementCtx, found: ReturnType<typeof issue>): never => {
  context.addIssue(found);
  return z.NEVER;
};
