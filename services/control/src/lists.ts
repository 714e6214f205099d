/** Named lists of a zone: a set that expressions look into by `in $name`. A list is one record with all its items. */
import type { ConfigBody, ListItem, NamedListConfig, ZoneId, ZoneSnapshot } from '@precede/contracts';
import { timestamp } from './envelope.ts';
import { apiError } from './errors.ts';
import type { ListPut, NewList } from './list-body.ts';
import { rulesNaming } from './list-use.ts';
import { listKinds } from './list-values.ts';
import type { Change, Plan } from './plan.ts';
import { knownZone } from './zones.ts';

export const maxLists = 200;
const shownRules = 5;

export const listView = (zone: ZoneSnapshot, list: NamedListConfig) => ({
  ...listHead(list),
  num_referencing_filters: rulesNaming(zone, list.name).length,
});
export type ListView = ReturnType<typeof listView>;

/** Without what only the zone as a whole knows. */
export const listHead = (list: NamedListConfig) => ({
  id: list.listId,
  name: list.name,
  kind: list.kind,
  description: list.description,
  num_items: list.items.length,
  created_on: timestamp(list.createdAtMs),
  modified_on: timestamp(list.lastUpdatedMs),
});

export const itemView = ({ kind }: NamedListConfig, item: ListItem) => ({
  id: item.itemId,
  [kind]: listKinds[kind].show(item.value),
  comment: item.comment,
  created_on: timestamp(item.createdAtMs),
  modified_on: timestamp(item.createdAtMs),
});

export const listsOf = (zone: ZoneSnapshot): readonly NamedListConfig[] =>
  [...zone.lists.values()].sort((a, b) => (a.name < b.name ? -1 : 1));

export const knownList = (zone: ZoneSnapshot, listId: string): NamedListConfig => {
  for (const list of zone.lists.values()) if (list.listId === listId) return list;
  throw apiError('listUnknown', `there is no list ${listId} in this zone`);
};

const refuseTakenName = (zone: ZoneSnapshot, name: string): void => {
  const other = zone.lists.get(name);
  if (other !== undefined)
    throw apiError('listNameTaken', `list ${other.listId} has the name ${name}`, '/name');
};

const refuseUsed = (zone: ZoneSnapshot, { name }: NamedListConfig): void => {
  const rules = rulesNaming(zone, name);
  if (rules.length === 0) return;
  const shown = rules.slice(0, shownRules).map((rule) => `${rule.ruleId} of ${rule.phase}`);
  const more = rules.length > shown.length ? ` and ${rules.length - shown.length} more` : '';
  throw apiError('listInUse', `the list $${name} is used by the rules ${shown.join(', ')}${more}`);
};

export const createList =
  (zoneId: ZoneId, body: NewList, listId: string, nowMs: number): Plan<ListView> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    refuseTakenName(zone, body.name);
    if (zone.lists.size >= maxLists) throw apiError('listLimit', `a zone has at most ${maxLists} lists`);
    return storeList(zone, { listId, ...body, items: [], createdAtMs: nowMs, lastUpdatedMs: nowMs });
  };

export const changeList =
  (zoneId: ZoneId, listId: string, { name, description }: ListPut, nowMs: number): Plan<ListView> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const list = knownList(zone, listId);
    if (name !== undefined && name !== list.name) {
      refuseTakenName(zone, name);
      refuseUsed(zone, list);
    }
    const changed = { name: name ?? list.name, description: description ?? list.description };
    return storeList(zone, { ...list, ...changed, lastUpdatedMs: nowMs });
  };

export const deleteList =
  (zoneId: ZoneId, listId: string): Plan<{ readonly id: string }> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    refuseUsed(zone, knownList(zone, listId));
    const bodies: ConfigBody[] = [{ kind: 'named_list', id: listId, list: null }];
    return { zoneId, bodies, settings: zone.settings, result: () => ({ id: listId }) };
  };

export const storeList = (zone: ZoneSnapshot, list: NamedListConfig): Change<ListView> => {
  const lists = new Map([...zone.lists].filter(([, each]) => each.listId !== list.listId));
  const after = { ...zone, lists: lists.set(list.name, list) };
  return {
    zoneId: zone.zoneId,
    bodies: [{ kind: 'named_list', id: list.listId, list }],
    settings: zone.settings,
    result: () => listView(after, list),
  };
};
