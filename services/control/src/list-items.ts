/** Changes of the items of a list. Adding one that is there changes its comment. The answer is the list. */
import type { ListItem, NamedListConfig, ZoneId } from '@precede/contracts';
import { apiError } from './errors.ts';
import { itemIdsBody, itemsBody, maxItems, type NewItem } from './list-body.ts';
import { knownList, type ListView, storeList } from './lists.ts';
import { parseBody } from './parse.ts';
import type { Plan } from './plan.ts';
import { knownZone } from './zones.ts';

/** Values and comments together, as bytes. */
export const maxListBytes = 512 * 1024;

export interface ListTarget {
  readonly zoneId: ZoneId;
  readonly listId: string;
  readonly nowMs: number;
  readonly drawId: () => string;
}

type Edit = (list: NamedListConfig) => readonly ListItem[];

const changeItems =
  ({ zoneId, listId, nowMs }: ListTarget, edit: Edit): Plan<ListView> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const list = knownList(zone, listId);
    const items = edit(list);
    refuseTooMany(items);
    return storeList(zone, { ...list, items, lastUpdatedMs: nowMs });
  };

export const addItems = (target: ListTarget, body: unknown): Plan<ListView> =>
  changeItems(target, (list) => {
    const added = parseBody(itemsBody(list.kind), body);
    const items = new Map(list.items.map((item) => [item.value, item]));
    for (const each of added) items.set(each.value, itemOf(target, each, items.get(each.value)));
    return [...items.values()];
  });

export const replaceItems = (target: ListTarget, body: unknown): Plan<ListView> =>
  changeItems(target, (list) => {
    const before = new Map(list.items.map((item) => [item.value, item]));
    return parseBody(itemsBody(list.kind), body).map((each) => itemOf(target, each, before.get(each.value)));
  });

export const deleteItems = (target: ListTarget, body: unknown): Plan<ListView> =>
  changeItems(target, (list) => {
    const ids = new Set(parseBody(itemIdsBody, body).items.map((item) => item.id));
    const kept = list.items.filter((item) => !ids.delete(item.itemId));
    const [missing] = ids;
    if (missing !== undefined) throw apiError('itemUnknown', `there is no item ${missing} in this list`);
    return kept;
  });

const itemOf = (
  { nowMs, drawId }: ListTarget,
  { value, comment }: NewItem,
  before: ListItem | undefined,
): ListItem => {
  if (before !== undefined) return before.comment === comment ? before : { ...before, comment };
  return { itemId: drawId(), value, comment, createdAtMs: nowMs };
};

const refuseTooMany = (items: readonly ListItem[]): void => {
  if (items.length > maxItems)
    throw apiError('listLimit', `a list has at most ${maxItems} items, this one would have ${items.length}`);
  let bytes = 0;
  for (const { value, comment } of items) bytes += Buffer.byteLength(value) + Buffer.byteLength(comment);
  if (bytes > maxListBytes)
    throw apiError(
      'listLimit',
      `values and comments of a list have at most ${maxListBytes} bytes, not ${bytes}`,
    );
};
