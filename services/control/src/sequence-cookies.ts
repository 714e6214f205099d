/** Whether the sequence cookie of a zone is set and read. */
import type { ZoneId, ZoneSettings } from '@precede/contracts';
import { z } from 'zod';
import type { Plan } from './plan.ts';
import { knownZone } from './zones.ts';

export const sequenceCookiesBody = z.strictObject({ enabled: z.boolean() });

export const sequenceCookiesView = (settings: ZoneSettings) => ({ enabled: settings.hasSequenceCookies });

export const setSequenceCookies =
  (zoneId: ZoneId, isEnabled: boolean): Plan<ReturnType<typeof sequenceCookiesView>> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const settings = { ...zone.settings, hasSequenceCookies: isEnabled };
    return { zoneId, bodies: [], settings, result: () => sequenceCookiesView(settings) };
  };
