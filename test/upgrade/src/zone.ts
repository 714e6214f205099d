/** The zone of the run: its operations, a rule that always holds, and one rule more for each step of the way. */
import { eventually } from '@precede/testkit';
import { endpoints, host } from './traffic.ts';

/** Where the services are, whatever they run in. */
export interface Place {
  control<T>(method: string, path: string, body?: unknown): Promise<T>;
  url(service: 'ingest' | 'enforcer'): string;
}

export interface Zone {
  readonly id: string;
  /** In the order of `endpoints`. */
  readonly operationIds: readonly string[];
}

export const createZone = async (place: Place): Promise<Zone> => {
  const { id } = await place.control<{ id: string }>('POST', '/zones', { name: 'shop' });
  const operations = await place.control<readonly { operation_id: string; endpoint: string }[]>(
    'POST',
    `/zones/${id}/api_gateway/operations`,
    endpoints.map((endpoint) => ({ method: 'GET', host, endpoint })),
  );
  // Variables are named anew, so the place in the answer tells which is which.
  const zone = { id, operationIds: operations.map((operation) => operation.operation_id) };
  await addRule(place, zone, 'cart before pay', [3, 5], 'block');
  return zone;
};

/** What is asked of the enforcer on the way holds with and without it: it only logs. */
export const addStep = (place: Place, zone: Zone, title: string): Promise<void> =>
  addRule(place, zone, title, [0, 6], 'log');

const addRule = async (
  place: Place,
  { id, operationIds }: Zone,
  title: string,
  sequence: readonly number[],
  action: 'block' | 'log',
): Promise<void> => {
  const ids = sequence.map((operation) => operationIds[operation]);
  const body = { title, kind: 'allow', action, sequence: ids };
  await place.control('POST', `/zones/${id}/api_gateway/seqrules/rules`, body);
  await untilFollowed(place, id);
};

/** Whatever releases they are of: what control has written, ingest and the enforcer work with. */
const untilFollowed = async (place: Place, id: string): Promise<void> => {
  const { revision } = await place.control<{ revision: number }>('GET', `/zones/${id}`);
  for (const service of ['ingest', 'enforcer'] as const)
    await eventually(`revision ${revision} in ${service}`, async () => {
      const response = await fetch(`${place.url(service)}/v1/zones/${id}`);
      return ((await response.json()) as { revision: number }).revision >= revision || undefined;
    });
};

export const ruleTitles = async (place: Place, { id }: Zone): Promise<string[]> => {
  const path = `/zones/${id}/api_gateway/seqrules`;
  const { rules } = await place.control<{ rules: readonly { title: string }[] }>('GET', path);
  return rules.map((rule) => rule.title);
};
