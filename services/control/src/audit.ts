/**
 * What a change does to each thing of a zone, as audit.v1 keeps it: before and after as the API shows them. A thing that
 * differs in nothing but its time, or only moved because another was put before it, has not been changed by anybody.
 */
import {
  AuditAction,
  auditToAvro,
  type ConfigBody,
  type ConfigChanged,
  Topic,
  type ZoneSnapshot,
  zoneKey,
} from '@precede/contracts';
import type { AvroCodec, OutgoingRecord } from '@precede/log';
import { bodiesBefore, differingItems, type Thing, thingAfter } from './audit-things.ts';
import type { Author, Change } from './plan.ts';

type What = Pick<ConfigChanged, 'resource' | 'resourceId' | 'action' | 'before' | 'after'>;

/** In the order of the records. `zone` is as it is before; undefined: it is made by this change. */
export const changesOf = (
  zone: ZoneSnapshot | undefined,
  change: Change<unknown>,
  revision: number,
  author: Author,
): readonly ConfigChanged[] => {
  const { zoneId, settings } = change;
  const last: ConfigBody = { kind: 'zone', id: zoneId, settings };
  // What a zone had goes with it: its settings say enough, all else stands in earlier entries.
  const bodies = settings === null ? [last] : [...change.bodies, last];
  const before = zone === undefined ? () => undefined : bodiesBefore(zone);
  const { actor, timeMs } = author;
  return bodies
    .flatMap((body) => whatOf(body, before(body)) ?? [])
    .map((what, place) => ({ zoneId, revision, place, timeMs, actor, ...what }));
};

export const auditRecordOf = (codec: AvroCodec, changed: ConfigChanged): OutgoingRecord => ({
  topic: Topic.audit,
  key: zoneKey(changed.zoneId),
  value: codec.encode(Topic.audit, auditToAvro(changed)),
});

const whatOf = (body: ConfigBody, old: ConfigBody | undefined): What | undefined => {
  const before = old === undefined ? undefined : thingAfter(old);
  const after = thingAfter(body);
  if (before === undefined && after === undefined) return undefined;
  if (before !== undefined && after !== undefined && isUntouched(before, after)) return undefined;
  return {
    resource: body.kind,
    resourceId: body.id,
    action: actionOf(before, after),
    before: textOf(before, after),
    after: textOf(after, before),
  };
};

const actionOf = (before: Thing | undefined, after: Thing | undefined): AuditAction => {
  if (before === undefined) return AuditAction.create;
  return after === undefined ? AuditAction.delete : AuditAction.update;
};

const textOf = (thing: Thing | undefined, other: Thing | undefined): string => {
  if (thing === undefined) return '';
  const { view, list } = thing;
  return JSON.stringify(list === undefined ? view : { ...view, ...differingItems(list, other?.list) });
};

const isUntouched = (before: Thing, after: Thing): boolean => {
  const [old, now] = [before.view, after.view];
  // Who moves a rule touches it; who is moved by that keeps its time.
  const isMovedByAnother = old['position'] !== now['position'] && old['last_updated'] === now['last_updated'];
  return isMovedByAnother || (essenceOf(before) === essenceOf(after) && hasSameItems(before, after));
};

const essenceOf = ({ view }: Thing): string => {
  const { last_updated: _updated, modified_on: _modified, version: _version, ...rest } = view;
  return JSON.stringify(rest);
};

const hasSameItems = ({ list: old }: Thing, { list: now }: Thing): boolean =>
  old === undefined ||
  now === undefined ||
  old.items === now.items ||
  JSON.stringify(old.items) === JSON.stringify(now.items);
