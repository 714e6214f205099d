/** What `precede sequences` asks of the management API: options to query parameters, pages to one list. */
import { InputError } from '@precede/contracts';
import type { ApiClient, Envelope, OperationView, SequenceDetail, SequenceView, Zone } from './api-client.ts';
import { findOperation } from './commands.ts';

export const kinds = ['precedence', 'correlation', 'lookback'] as const;
export type Kind = (typeof kinds)[number];
export const sortColumns = ['score', 'support', 'last_support', 'sessions', 'length'] as const;

export interface ListOptions {
  readonly kind: string;
  readonly at?: string;
  readonly minSupport?: number;
  readonly minScore?: string;
  readonly length?: number;
  readonly host?: readonly string[];
  readonly operation?: readonly string[];
  readonly first?: readonly string[];
  readonly last?: readonly string[];
  readonly all?: boolean;
  readonly sort?: string;
  readonly ascending?: boolean;
  readonly limit: number;
  readonly page?: number;
}

export interface SequenceList {
  readonly items: readonly SequenceView[];
  readonly total: number;
  /** What the instance says of the scores: when they were computed, what is no longer kept. */
  readonly messages: readonly string[];
}

const maxPerPage = 1_000;

export const listSequences = async (
  api: ApiClient,
  zone: Zone,
  options: ListOptions,
): Promise<SequenceList> => {
  const query = await queryOf(api, zone, options);
  if (options.page !== undefined && options.limit > maxPerPage)
    throw new InputError('/limit', `--limit: with --page it is the length of a page, at most ${maxPerPage}`);
  const perPage = Math.min(options.limit, maxPerPage);
  const pageOf = (page: number) => {
    const paged = new URLSearchParams([...query, ['page', String(page)], ['per_page', String(perPage)]]);
    return api.call<readonly SequenceView[]>('GET', `/zones/${zone.id}/api_gateway/sequences?${paged}`);
  };
  const first = await pageOf(options.page ?? 1);
  const items = [...first.result];
  const pages = options.page === undefined ? (first.result_info?.total_pages ?? 1) : 1;
  for (let page = 2; page <= pages && items.length < options.limit; page += 1)
    items.push(...(await pageOf(page)).result);
  return {
    items: items.slice(0, options.limit),
    total: first.result_info?.total_count ?? items.length,
    messages: textsOf(first),
  };
};

const textsOf = ({ messages }: Envelope<unknown>): readonly string[] =>
  messages.flatMap(({ message }) => (message === undefined ? [] : [message]));

const queryOf = async (api: ApiClient, zone: Zone, options: ListOptions): Promise<[string, string][]> => {
  const one = (name: string, value: string | number | undefined): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]];
  const each = (name: string, values: readonly string[] = []): [string, string][] =>
    values.map((value) => [name, value]);
  const operations = async (name: string, texts: readonly string[] = []): Promise<[string, string][]> =>
    each(name, await Promise.all(texts.map((text) => operationId(api, zone, text))));
  return [
    ...one('kind', oneOf('kind', options.kind, kinds)),
    ...one('at', options.at === undefined ? undefined : timeOf(options.at, Date.now())),
    ...one('min_support', options.minSupport),
    ...one('min_score', options.minScore),
    ...one('length', options.length),
    ...each('host', options.host),
    ...(await operations('operation', options.operation)),
    ...(await operations('first_operation', options.first)),
    ...(await operations('last_operation', options.last)),
    ...one('listed', options.all === true ? 'all' : undefined),
    ...one('order', options.sort === undefined ? undefined : oneOf('sort', options.sort, sortColumns)),
    ...one('direction', options.ascending === true ? 'asc' : undefined),
  ];
};

/** Ids go as they are, so that one of an operation that is no longer saved is found as well. */
const operationId = async (api: ApiClient, zone: Zone, text: string): Promise<string> =>
  /^[0-9a-f]{8}(-[0-9a-f-]{27})?$/i.test(text)
    ? text
    : findOperation(await api.list<OperationView>(`/zones/${zone.id}/api_gateway/operations`), text);

const oneOf = <T extends string>(name: string, text: string, all: readonly T[]): T => {
  const found = all.find((each) => each === text);
  if (found !== undefined) return found;
  throw new InputError(
    `/${name}`,
    `--${name}: must be one of ${all.join(', ')}, got ${JSON.stringify(text)}`,
  );
};

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An RFC 3339 time as it is, or how long ago: `90s`, `30m`, `2h`, `1d`. */
export const timeOf = (text: string, nowMs: number): string => {
  const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined) return new Date(nowMs - Number(amount) * (unitMs[unit] ?? 0)).toISOString();
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  // Whether the day exists says the instance.
  if (isTime && !Number.isNaN(Date.parse(text))) return text;
  throw new InputError(
    '/at',
    `--at: must be a time such as 2026-01-02T03:04:05Z or how long ago, such as 2h, got ${JSON.stringify(text)}`,
  );
};

export interface ShowOptions {
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
  readonly points: number;
  readonly examples: number;
}

export const showSequence = async (
  api: ApiClient,
  zone: Zone,
  id: string,
  options: ShowOptions,
): Promise<{ readonly sequence: SequenceDetail; readonly messages: readonly string[] }> => {
  const now = Date.now();
  const times = (['at', 'from', 'to'] as const).flatMap((name): [string, string][] => {
    const text = options[name];
    return text === undefined ? [] : [[name, timeOf(text, now)]];
  });
  const query = new URLSearchParams([
    ...times,
    ['points', String(options.points)],
    ['examples', String(options.examples)],
  ]);
  const path = `/zones/${zone.id}/api_gateway/sequences/${encodeURIComponent(id)}?${query}`;
  const answer = await api.call<SequenceDetail>('GET', path);
  return { sequence: answer.result, messages: textsOf(answer) };
};
