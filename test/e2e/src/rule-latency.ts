/**
 * How long a rule takes from the answer of the management API to a running enforcer: written again and again, and asked of
 * the enforcer which revision it works with until it is there. The promise is two seconds; what is asserted is that it
 * comes, as a test machine may stop for longer than that, and the time is told.
 */
import { type Deployment, eventually } from '@precede/testkit';

const times = 20;

interface Zone {
  readonly id: string;
  readonly revision: number;
}

/** Says how long it took. */
export const timesRulesOnTheirWay = async (d: Deployment): Promise<string> => {
  const zone = await d.control<Zone>('POST', '/zones', { name: 'punctual' });
  const { addresses } = await d.control<{ addresses: { enforcer: string } }>('GET', '/instance');
  const tookMs: number[] = [];
  for (let n = 1; n <= times; n += 1) {
    await writeRule(d, zone.id, n);
    const startMs = performance.now();
    const { revision } = await d.control<Zone>('GET', `/zones/${zone.id}`);
    await eventually(`revision ${revision} in the enforcer`, async () =>
      (await revisionAt(addresses.enforcer, zone.id)) >= revision ? true : undefined,
    );
    tookMs.push(performance.now() - startMs);
  }
  const sorted = tookMs.toSorted((a, b) => a - b);
  const [median = Number.NaN, slowest = Number.NaN] = [sorted[times / 2], sorted.at(-1)];
  return `rules were in force ${median.toFixed(0)} ms after the answer (median of ${times}), ${slowest.toFixed(0)} ms at most`;
};

const writeRule = (d: Deployment, zoneId: string, n: number): Promise<unknown> =>
  d.control('PUT', `/zones/${zoneId}/rulesets/phases/http_request_firewall_custom/entrypoint`, {
    rules: [{ ref: 'only', expression: `http.request.uri.path eq "/${n}"`, action: 'log' }],
  });

const revisionAt = async (enforcer: string, zoneId: string): Promise<number> => {
  const response = await fetch(`${enforcer}/v1/zones/${zoneId}`, { signal: AbortSignal.timeout(10_000) });
  return response.ok ? ((await response.json()) as { revision: number }).revision : -1;
};
