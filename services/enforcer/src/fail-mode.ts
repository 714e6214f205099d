/** Which fail mode a zone has: configuration, read once at start with all faults at once. */
import { ConfigError, FailMode, isZoneId, type ZoneId } from '@precede/contracts';
import type { EnforcerConfig } from './config.ts';

export interface FailModes {
  readonly usual: FailMode;
  readonly byZone: ReadonlyMap<ZoneId, FailMode>;
}

const name = 'PRECEDE_ENFORCER_FAIL_MODE_BY_ZONE';

export const failModesOf = (config: EnforcerConfig): FailModes => {
  const byZone = new Map<ZoneId, FailMode>();
  const faults: string[] = [];
  for (const item of config.PRECEDE_ENFORCER_FAIL_MODE_BY_ZONE) {
    const [zoneId = '', text = ''] = item.split('=');
    const mode = Object.values(FailMode).find((each) => each === text);
    if (isZoneId(zoneId) && mode !== undefined) byZone.set(zoneId, mode);
    else
      faults.push(
        `${name}: must be items ZONE_ID=error|open|closed, got ${JSON.stringify(item.slice(0, 80))}`,
      );
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return { usual: config.PRECEDE_ENFORCER_FAIL_MODE, byZone };
};

export const failModeOf = (modes: FailModes, zoneId: ZoneId | null): FailMode =>
  (zoneId === null ? undefined : modes.byZone.get(zoneId)) ?? modes.usual;
