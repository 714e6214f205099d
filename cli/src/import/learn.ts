/** `--learn-operations`: makes operations of the methods, hosts and paths an import has seen. */
import { Method } from '@precede/contracts';
import { learnTemplate } from '@precede/endpoints';
import type { ApiClient, OperationView, Zone } from '../api-client.ts';
import type { Format } from './read.ts';
import type { EventSorter } from './sorter.ts';

/** More than this is a log of random paths: what comes after is left unmatched, and said. */
const maxOperations = 10_000;
const chunk = 1_000;

export interface Learned {
  readonly operations: number;
  /** Distinct method, host and template combinations that were too many or whose method cannot be saved. */
  readonly leftOut: number;
}

export const learnOperations = async (
  sorter: EventSorter,
  format: Format,
  api: ApiClient,
  zone: Zone,
): Promise<Learned> => {
  const seen = new Map<string, { method: string; host: string; endpoint: string }>();
  const leftOut = new Set<string>();
  for await (const { event } of sorter.sorted()) {
    const path = event.path.split('?', 1)[0] ?? '';
    // An API call's name is no id, however many digits it has.
    const endpoint = format === 'cloudtrail' ? path : learnTemplate(path);
    const method = event.method.toUpperCase();
    const identity = `${method} ${event.host}${endpoint}`;
    if (seen.has(identity)) continue;
    if (Object.hasOwn(Method, method) && seen.size < maxOperations)
      seen.set(identity, { method, host: event.host, endpoint });
    else if (leftOut.size < maxOperations) leftOut.add(identity);
  }
  const wanted = [...seen.values()];
  let operations = 0;
  for (let i = 0; i < wanted.length; i += chunk)
    operations += await save(wanted.slice(i, i + chunk), api, zone);
  return { operations, leftOut: leftOut.size + wanted.length - operations };
};

type Wanted = { method: string; host: string; endpoint: string };

/** Saves a chunk; where some of it cannot be an operation (a host that is none, say), the rest is saved one by one. */
const save = async (wanted: readonly Wanted[], api: ApiClient, zone: Zone): Promise<number> => {
  const path = `/zones/${zone.id}/api_gateway/operations`;
  try {
    await api.call<readonly OperationView[]>('POST', path, wanted);
    return wanted.length;
  } catch (error) {
    if (!(error instanceof Error) || (error as { status?: number }).status !== 400) throw error;
    if (wanted.length === 1) return 0;
    const half = wanted.length >> 1;
    return (await save(wanted.slice(0, half), api, zone)) + (await save(wanted.slice(half), api, zone));
  }
};
