/** Zones: plans of their changes and how they look outside. Creating one that is there already gives that one. */
import {
  type ConfigBody,
  FailMode,
  isZoneId,
  RequestsOrigin,
  type ZoneConfigs,
  type ZoneId,
  type ZoneSettings,
  type ZoneSnapshot,
  zoneDefaults,
} from '@precede/contracts';
import { z } from 'zod';
import { timestamp } from './envelope.ts';
import { apiError } from './errors.ts';
import type { Plan } from './plan.ts';

export const maxZones = 10_000;
const maxNameLength = 253;
const hour = 3_600_000;

const name = z
  .string()
  .refine(
    (text) => text.length > 0 && [...text].length <= maxNameLength,
    `must be 1 to ${maxNameLength} characters`,
  )
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'must be text without control characters');

const settings = {
  inactivity_gap_ms: z
    .int()
    .min(1_000)
    .max(24 * hour),
  grace_ms: z
    .int()
    .min(0)
    .max(hour / 6),
  log_only: z.boolean(),
  fail_mode: z.enum(FailMode).nullable(),
  requests_origin: z.enum(RequestsOrigin),
  decision_header: z.boolean(),
};

export const newZoneBody = z.strictObject({
  name,
  id: z.string().refine(isZoneId, 'must be 32 lower-case hex digits').optional(),
  inactivity_gap_ms: settings.inactivity_gap_ms.default(zoneDefaults.inactivityGapMs),
  grace_ms: settings.grace_ms.default(zoneDefaults.graceMs),
});
export type NewZone = z.infer<typeof newZoneBody>;

export const zonePatchBody = z.strictObject({ name, ...settings }).partial();
export type ZonePatch = z.infer<typeof zonePatchBody>;

export type ZoneView = ReturnType<typeof zoneView>;

export const zoneView = (zoneId: ZoneId, zone: ZoneSettings, revision: number) => ({
  id: zoneId,
  name: zone.name,
  inactivity_gap_ms: zone.inactivityGapMs,
  grace_ms: zone.graceMs,
  log_only: zone.isLogOnly,
  fail_mode: zone.failMode,
  requests_origin: zone.requestsOrigin,
  decision_header: zone.hasDecisionHeader,
  revision,
  created_on: timestamp(zone.createdAtMs),
});

export const viewOf = (zone: ZoneSnapshot): ZoneView => zoneView(zone.zoneId, zone.settings, zone.revision);

export const knownZone = (zones: ZoneConfigs, zoneId: ZoneId): ZoneSnapshot => {
  const zone = zones.get(zoneId);
  if (zone === undefined) throw apiError('zoneUnknown', `there is no zone ${zoneId}`);
  return zone;
};

const namedZone = (zones: ZoneConfigs, wanted: string): ZoneSnapshot | undefined =>
  [...zones.all()].find((zone) => zone.settings.name === wanted);

/** `drawnId` is the id of a new zone whose caller gives none. */
export const createZone =
  (body: NewZone, drawnId: ZoneId, nowMs: number): Plan<ZoneView> =>
  (zones) => {
    const existing = existingZone(zones, body);
    if (existing !== undefined) return { keep: viewOf(existing) };
    if ([...zones.all()].length >= maxZones)
      throw apiError('zoneLimit', `there are ${maxZones} zones already`);
    const zoneId = (body.id ?? drawnId) as ZoneId;
    const created: ZoneSettings = {
      ...zoneDefaults,
      name: body.name,
      createdAtMs: nowMs,
      inactivityGapMs: body.inactivity_gap_ms,
      graceMs: body.grace_ms,
      retiredShortIds: [],
    };
    return {
      zoneId,
      bodies: [],
      settings: created,
      result: (revision) => zoneView(zoneId, created, revision),
    };
  };

/** The zone the caller means, if it is there; a conflict where id and name mean two different ones. */
const existingZone = (zones: ZoneConfigs, body: NewZone): ZoneSnapshot | undefined => {
  const byId = body.id === undefined ? undefined : zones.get(body.id as ZoneId);
  const byName = namedZone(zones, body.name);
  if (byId !== undefined && byId !== byName)
    throw apiError(
      'zoneConflict',
      `zone ${byId.zoneId} has the name ${JSON.stringify(byId.settings.name)}`,
      '/id',
    );
  if (byName !== undefined && body.id !== undefined && byName !== byId)
    throw apiError('zoneConflict', `the name belongs to zone ${byName.zoneId}`, '/name');
  return byName;
};

export const patchZone =
  (zoneId: ZoneId, patch: ZonePatch): Plan<ZoneView> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const sameName = patch.name === undefined ? undefined : namedZone(zones, patch.name);
    if (sameName !== undefined && sameName !== zone)
      throw apiError('zoneConflict', `the name belongs to zone ${sameName.zoneId}`, '/name');
    const changed: ZoneSettings = {
      ...zone.settings,
      name: patch.name ?? zone.settings.name,
      inactivityGapMs: patch.inactivity_gap_ms ?? zone.settings.inactivityGapMs,
      graceMs: patch.grace_ms ?? zone.settings.graceMs,
      isLogOnly: patch.log_only ?? zone.settings.isLogOnly,
      failMode: patch.fail_mode === undefined ? zone.settings.failMode : patch.fail_mode,
      requestsOrigin: patch.requests_origin ?? zone.settings.requestsOrigin,
      hasDecisionHeader: patch.decision_header ?? zone.settings.hasDecisionHeader,
    };
    return {
      zoneId,
      bodies: [],
      settings: changed,
      result: (revision) => zoneView(zoneId, changed, revision),
    };
  };

/** A tombstone for each record of the zone, the zone's own last. */
export const deleteZone =
  (zoneId: ZoneId): Plan<{ readonly id: ZoneId }> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const bodies: ConfigBody[] = [
      ...[...zone.operations.keys()].map((id) => ({ kind: 'operation' as const, id, operation: null })),
      ...zone.rules.map((rule) => ({ kind: 'sequence_rule' as const, id: rule.ruleId, rule: null })),
      ...(zone.identifiers.length === 0
        ? []
        : [{ kind: 'session_identifiers' as const, id: zoneId, identifiers: null }]),
      ...zone.expressionRules.map(({ ruleId }) => ({
        kind: 'expression_rule' as const,
        id: ruleId,
        expressionRule: null,
      })),
      ...[...zone.phases.keys()].map((id) => ({ kind: 'phase' as const, id, phase: null })),
      ...[...zone.lists.values()].map((list) => ({
        kind: 'named_list' as const,
        id: list.listId,
        list: null,
      })),
      ...[...zone.tokenConfigurations.keys()].map((id) => ({
        kind: 'token_configuration' as const,
        id,
        tokenConfiguration: null,
      })),
    ];
    return { zoneId, bodies, settings: null, result: () => ({ id: zoneId }) };
  };
