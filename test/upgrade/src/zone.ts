/** The zone of the run: its operations, a rule that always holds, and one rule more for each step of the way. */
import { eventually } from '@precede/testkit';
import type { Stand } from './stand.ts';
import { endpoints, host } from './traffic.ts';

export interface Zone {
  readonly id: string;
  /** In the order of `endpoints`. */
  readonly operationIds: readonly string[];
}

export const createZone = async (stand: Stand): Promise<Zone> => {
  const { id } = await stand.control<{ id: string }>('POST', '/zones', { name: 'shop' });
  const operations = await stand.control<readonly { operation_id: string; endpoint: string }[]>(
    'POST',
    `/zones/${id}/api_gateway/operations`,
    endpoints.map((endpoint) => ({ method: 'GET', host, endpoint })),
  );
  // Variables are named anew, so the place in the answer tells which is which.
  const zone = { id, operationIds: operations.map((operation) => operation.operation_id) };
  await addRule(stand, zone, 'cart before pay', [3, 5], 'block');
  return zone;
};

/** What is asked of the enforcer on the way holds with and without it: it only logs. */
export const addStep = (stand: Stand, zone: Zone, title: string): Promise<void> =>
  addRule(stand, zone, title, [0, 6], 'log');

const addRule = async (
  stand: Stand,
  { id, operationIds }: Zone,
  title: string,
  sequence: readonly number[],
  action: 'block' | 'log',
): Promise<void> => {
  const ids = sequence.map((operation) => operationIds[operation]);
  const body = { title, kind: 'allow', action, sequence: ids };
  await stand.control('POST', `/zones/${id}/api_gateway/seqrules/rules`, body);
  await untilFollowed(stand, id);
};

/** Whatever releases they are of: what control has written, ingest and the enforcer work with. */
const untilFollowed = async (stand: Stand, id: string): Promise<void> => {
  const { revision } = await stand.control<{ revision: number }>('GET', `/zones/${id}`);
  for (const service of ['ingest', 'enforcer'] as const)
    await eventually(`revision ${revision} in ${service}`, async () => {
      const response = await fetch(`${stand.url(service)}/v1/zones/${id}`);
      return ((await response.json()) as { revision: number }).revision >= revision || undefined;
    });
};

export const ruleTitles = async (stand: Stand, { id }: Zone): Promise<string[]> => {
  const path = `/zones/${id}/api_gateway/seqrules`;
  const { rules } = await stand.control<{ rules: readonly { title: string }[] }>('GET', path);
  return rules.map((rule) => rule.title);
};
