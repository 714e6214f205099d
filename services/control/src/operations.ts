/** Saved operations: unique by method, host and normalised template; saving one again only moves its last_updated. */
import {
  formatShortId,
  Method,
  type Operation,
  type OperationId,
  type ShortId,
  shortIdOf,
  type ZoneId,
  type ZoneSnapshot,
} from '@precede/contracts';
import { type Normalised, normaliseHost, normaliseTemplate, operationIdentity } from '@precede/endpoints';
import { z } from 'zod';
import { timestamp } from './envelope.ts';
import { apiError, type FaultName } from './errors.ts';
import { issue } from './parse.ts';
import type { Plan } from './plan.ts';
import { knownZone } from './zones.ts';

export const maxOperations = 20_000;
export const maxOperationsPerRequest = 10_000;

const normalised = (name: FaultName, normalise: (text: string) => Normalised) =>
  z.string().transform((text, context) => {
    const found = normalise(text);
    if (found.kind === 'ok') return found.value;
    context.addIssue(issue(name, found.message));
    return z.NEVER;
  });

export const newOperationBody = z.strictObject({
  method: z.enum(Object.values(Method) as [Method, ...Method[]]),
  host: normalised('hostInvalid', normaliseHost),
  endpoint: normalised('endpointInvalid', normaliseTemplate),
});
export const newOperationsBody = z.array(newOperationBody).min(1).max(maxOperationsPerRequest);
export type NewOperation = z.infer<typeof newOperationBody>;

export const operationView = (operation: Operation) => ({
  operation_id: operation.operationId,
  short_id: formatShortId(operation.shortId),
  method: operation.method,
  host: operation.host,
  endpoint: operation.endpoint,
  last_updated: timestamp(operation.lastUpdatedMs),
});

export type OperationView = ReturnType<typeof operationView>;

export const knownOperation = (zone: ZoneSnapshot, id: OperationId): Operation => {
  const operation = zone.operations.get(id);
  if (operation === undefined) throw apiError('operationUnknown', `there is no operation ${id} in this zone`);
  return operation;
};

/** All in one revision; the answer shows one operation for each wanted one, in their order. `drawUuid` gives a random UUID. */
export const saveOperations =
  (
    zoneId: ZoneId,
    wanted: readonly NewOperation[],
    nowMs: number,
    drawUuid: () => string,
  ): Plan<readonly OperationView[]> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const known = new Map([...zone.operations.values()].map((each) => [operationIdentity(each), each]));
    const drawId = idDrawer(zone, drawUuid);
    const saved = new Map<string, Operation>();
    for (const each of wanted) {
      const key = operationIdentity(each);
      if (!saved.has(key)) saved.set(key, saveOne(each, known.get(key), nowMs, drawId));
    }
    refuseTooMany(zone, saved);
    return {
      zoneId,
      bodies: [...saved.values()].map((operation) => ({
        kind: 'operation',
        id: operation.operationId,
        operation,
      })),
      settings: zone.settings,
      result: () =>
        wanted.flatMap((each) => {
          const operation = saved.get(operationIdentity(each));
          return operation === undefined ? [] : operationView(operation);
        }),
    };
  };

const saveOne = (
  wanted: NewOperation,
  known: Operation | undefined,
  nowMs: number,
  drawId: () => OperationId,
): Operation => {
  if (known !== undefined) return { ...known, lastUpdatedMs: nowMs };
  const operationId = drawId();
  const { method, host, endpoint } = wanted;
  return { operationId, shortId: shortIdOf(operationId), method, host, endpoint, lastUpdatedMs: nowMs };
};

const refuseTooMany = (zone: ZoneSnapshot, saved: ReadonlyMap<string, Operation>): void => {
  const added = [...saved.values()].filter((each) => !zone.operations.has(each.operationId)).length;
  if (zone.operations.size + added > maxOperations)
    throw apiError(
      'operationLimit',
      `a zone has at most ${maxOperations} operations, this one ${zone.operations.size}`,
    );
};

/** Draws until the short id is new to the zone, deleted operations included: old sequences must not change their meaning. */
const idDrawer = (zone: ZoneSnapshot, drawUuid: () => string): (() => OperationId) => {
  // 0 is never given, so that no reader has to tell it from "none".
  const taken = new Set<ShortId>([0 as ShortId, ...zone.settings.retiredShortIds]);
  for (const operation of zone.operations.values()) taken.add(operation.shortId);
  return () => {
    for (;;) {
      const id = drawUuid() as OperationId;
      const short = shortIdOf(id);
      if (taken.has(short)) continue;
      taken.add(short);
      return id;
    }
  };
};

export const deleteOperation =
  (zoneId: ZoneId, id: OperationId): Plan<{ readonly operation_id: OperationId }> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const operation = knownOperation(zone, id);
    const users = zone.rules.filter((rule) => rule.start === id || rule.end === id);
    if (users.length > 0)
      throw apiError(
        'operationInUse',
        `operation ${id} is part of sequence rule ${users
          .map((rule) => rule.ruleId)
          .slice(0, 5)
          .join(', ')}; delete the rule first`,
      );
    return {
      zoneId,
      bodies: [{ kind: 'operation', id, operation: null }],
      settings: {
        ...zone.settings,
        retiredShortIds: [...zone.settings.retiredShortIds, operation.shortId],
      },
      result: () => ({ operation_id: id }),
    };
  };

export interface OperationFilter {
  readonly host?: readonly string[] | undefined;
  readonly method?: readonly string[] | undefined;
  /** Part of the endpoint. */
  readonly endpoint?: string | undefined;
  readonly order: 'method' | 'host' | 'endpoint' | 'last_updated';
  readonly direction: 'asc' | 'desc';
}

export const listOperations = (zone: ZoneSnapshot, filter: OperationFilter): readonly Operation[] => {
  const hosts = filter.host?.map((host) => host.toLowerCase());
  const found = [...zone.operations.values()].filter(
    (each) =>
      (hosts === undefined || hosts.includes(each.host)) &&
      (filter.method === undefined || filter.method.includes(each.method)) &&
      (filter.endpoint === undefined || each.endpoint.includes(filter.endpoint)),
  );
  const sign = filter.direction === 'asc' ? 1 : -1;
  return found.sort((a, b) => sign * compare(a, b, filter.order));
};

/** By the wanted field, then by host, endpoint, method: a total order, so that pages neither overlap nor miss. */
const compare = (a: Operation, b: Operation, order: OperationFilter['order']): number =>
  (order === 'last_updated' ? a.lastUpdatedMs - b.lastUpdatedMs : compareText(a[order], b[order])) ||
  compareText(a.host, b.host) ||
  compareText(a.endpoint, b.endpoint) ||
  compareText(a.method, b.method);

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
