/** What clients may send as lists and their items. An item has the member that its list's kind is named by. */
import { ListKind } from '@precede/contracts';
import { z } from 'zod';
import { listKinds } from './list-values.ts';
import { addIssues, issue } from './parse.ts';
import { description, withoutControls } from './texts.ts';

export const maxItems = 10_000;
const maxName = 50;
const maxDescription = 500;

const name = z
  .string()
  .max(maxName)
  .regex(
    /^[a-z0-9_]+(?:\.[a-z0-9_]+)*$/,
    'must be lower-case letters, digits, _ and inner dots, as expressions write it: in $name',
  );

export const newListBody = z.strictObject({
  kind: z.enum(Object.values(ListKind) as [ListKind, ...ListKind[]]),
  name,
  description: description(maxDescription).default(''),
});
export type NewList = z.infer<typeof newListBody>;

export const listPutBody = z.strictObject({
  name: name.optional(),
  description: description(maxDescription).optional(),
});
export type ListPut = z.infer<typeof listPutBody>;

/** Members that are only read; clients send back what they were shown. */
const passedOver = {
  id: z.unknown().optional(),
  created_on: z.unknown().optional(),
  modified_on: z.unknown().optional(),
};

export interface NewItem {
  readonly value: string;
  readonly comment: string;
}

const itemBody = (kind: ListKind) =>
  z
    .strictObject({
      ...passedOver,
      [kind]: z.unknown(),
      comment: withoutControls(maxDescription).default(''),
    })
    .transform((given, context): NewItem => {
      const value = listKinds[kind].read((given as Readonly<Record<string, unknown>>)[kind]);
      if (typeof value === 'string') return { value, comment: given.comment };
      context.addIssue(issue('itemInvalid', value.fault, [kind]));
      return z.NEVER;
    });

/** All faults of all items; none may stand twice. */
export const itemsBody = (kind: ListKind) =>
  z
    .custom<readonly unknown[]>(Array.isArray, 'must be a list of items')
    .refine((all) => all.length <= maxItems, `a list has at most ${maxItems} items`)
    .transform((all, context): readonly NewItem[] => {
      const schema = itemBody(kind);
      const seen = new Set<string>();
      return all.flatMap((given, at) => {
        const read = schema.safeParse(given);
        addIssues(context, read.error?.issues ?? [], [at]);
        if (!read.success) return [];
        if (seen.has(read.data.value))
          context.addIssue(issue('itemTwice', 'this item stands here twice', [at]));
        seen.add(read.data.value);
        return read.data;
      });
    });

export const itemIdsBody = z.strictObject({
  items: z
    .array(z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/, 'must be the id of an item') }))
    .min(1)
    .max(maxItems),
});
