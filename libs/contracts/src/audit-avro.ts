/** Recorded changes of configuration between audit.v1 and its Avro schema. */
import type { AuditAction, ConfigChanged } from './events.ts';
import type { ZoneId } from './ids.ts';
import { zoneBytes } from './zone-bytes.ts';
import type { ConfigKind } from './zone-config.ts';

interface AvroAudit {
  zone: Buffer;
  revision: number;
  place: number;
  time: number;
  actor: string;
  resource: string;
  resource_id: string;
  action: string;
  before: string;
  after: string;
}

export const auditToAvro = (e: ConfigChanged): AvroAudit => ({
  zone: zoneBytes(e.zoneId),
  revision: e.revision,
  place: e.place,
  time: e.timeMs,
  actor: e.actor,
  resource: e.resource,
  resource_id: e.resourceId,
  action: e.action,
  before: e.before,
  after: e.after,
});

export const auditFromAvro = (value: unknown): ConfigChanged => {
  const r = value as AvroAudit;
  return {
    zoneId: r.zone.toString('hex') as ZoneId,
    revision: r.revision,
    place: r.place,
    timeMs: r.time,
    actor: r.actor,
    resource: r.resource as ConfigKind,
    resourceId: r.resource_id,
    action: r.action as AuditAction,
    before: r.before,
    after: r.after,
  };
};
