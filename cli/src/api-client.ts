/** Talks to a running instance: the management API by `--url`, ingest and enforcer where the instance says they are. */
import { ErrorCode, UnavailableError } from '@precede/contracts';
import { RefusedError } from './exit.ts';

export interface ApiTarget {
  readonly url: string;
  readonly token: string;
  readonly ingestUrl?: string;
  readonly enforcerUrl?: string;
  readonly ingestToken?: string;
  readonly enforcerToken?: string;
}

export interface Envelope<T> {
  readonly success: boolean;
  readonly result: T;
  readonly errors: readonly { code: number; message: string; source?: { pointer: string } }[];
  readonly messages: readonly { message?: string }[];
  readonly result_info?: {
    page: number;
    per_page: number;
    count: number;
    total_count: number;
    total_pages: number;
  };
}

export interface Zone {
  readonly id: string;
  readonly name: string;
  readonly revision: number;
}
export interface OperationView {
  readonly operation_id: string;
  readonly short_id: string;
  readonly method: string;
  readonly host: string;
  readonly endpoint: string;
}
export interface RuleView {
  readonly id: string;
  readonly title: string;
  readonly kind: 'allow' | 'block';
  readonly action: 'block' | 'log';
  readonly sequence: readonly [string, string];
  readonly position: number;
}
/** An operation of a sequence; nothing but its short id where nobody knows it any more. */
export interface NamedOperation {
  readonly operation_id: string | null;
  readonly short_id: string;
  readonly method: string | null;
  readonly host: string | null;
  readonly endpoint: string | null;
}
export interface ScoreNumbers {
  readonly score: number;
  readonly low: number;
  readonly high: number;
  readonly support: number;
  readonly last_support: number;
}
export interface SequenceView extends ScoreNumbers {
  readonly id: string;
  readonly operations: readonly NamedOperation[];
  readonly sessions: number;
  readonly undercount: number;
}
export interface SessionExample {
  readonly session_id: string;
  readonly first: string;
  readonly last: string;
  readonly length: number;
  readonly cut: number;
  readonly places: number;
  readonly steps: readonly (NamedOperation & { readonly time: string })[];
}
export interface SequenceDetail {
  readonly id: string;
  readonly kind: 'precedence' | 'correlation' | 'lookback';
  readonly operations: readonly NamedOperation[];
  readonly computed_at: string;
  readonly window: { readonly from: string; readonly to: string };
  readonly is_exact: boolean;
  /** These are null together: the scores of that time have none of the sequence. */
  readonly score: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly support: number | null;
  readonly last_support: number | null;
  readonly sessions: number | null;
  readonly undercount: number | null;
  readonly is_listed: boolean | null;
  readonly rule: {
    readonly sequence: readonly [string, string];
    readonly lookback: ScoreNumbers | null;
  } | null;
  readonly history: readonly { readonly computed_at: string; readonly score: number | null }[];
  readonly hours: readonly {
    readonly hour: string;
    readonly occurrences: number;
    readonly last_occurrences: number;
  }[];
  readonly examples: {
    readonly examined: number;
    readonly is_all: boolean;
    readonly with: readonly SessionExample[];
    readonly without: readonly SessionExample[];
  } | null;
}
export interface Pipeline {
  readonly requests: readonly { partition: number; end: number; committed: number | null }[];
  readonly sequences: readonly { partition: number; end: number; stored: number | null }[];
  readonly snapshot: {
    readonly computed_at: string;
    readonly positions: Readonly<Record<string, number>>;
  } | null;
}
export interface Instance {
  readonly version: string;
  readonly mode: string;
  readonly addresses: { readonly ingest: string; readonly enforcer: string; readonly clickhouse: string };
}

const timeoutMs = 60_000;

/** One HTTP exchange; a service that cannot be reached is an UnavailableError naming it. */
export const exchange = async (url: string, init: RequestInit): Promise<Response> => {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    const cause = (error as Error).cause;
    const why = cause instanceof Error ? cause.message : (error as Error).message;
    const at = new URL(url).origin;
    throw new UnavailableError(
      ErrorCode.logUnavailable,
      `nothing answers at ${at} (${why}); is "precede up" running?`,
      error,
    );
  }
};

export class ApiClient {
  readonly #target: ApiTarget;
  #instance: Instance | undefined;
  #patienceMs = 0;

  constructor(target: ApiTarget) {
    this.#target = target;
  }

  /** From here on calls wait out an instance that is away, for so long: an import goes on after a restart. */
  bePatient(forMs: number): void {
    this.#patienceMs = forMs;
  }

  /** Calls the management API; RefusedError carries every fault of the answer. All calls of this client may be made twice. */
  async call<T>(method: string, path: string, body?: unknown): Promise<Envelope<T>> {
    const deadline = Date.now() + this.#patienceMs;
    for (;;) {
      try {
        return await this.#callOnce<T>(method, path, body);
      } catch (error) {
        if (!(error instanceof UnavailableError) || Date.now() >= deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  async #callOnce<T>(method: string, path: string, body?: unknown): Promise<Envelope<T>> {
    const response = await exchange(`${this.#target.url}/client/v4${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#target.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const envelope = await parseEnvelope<T>(response);
    if (envelope.success) return envelope;
    const faults = envelope.errors.map((e) => (e.source ? `${e.source.pointer}: ${e.message}` : e.message));
    if (response.status === 503) throw new UnavailableError(ErrorCode.logUnavailable, faults.join('; '));
    throw new RefusedError(response.status, faults.join('\n') || `HTTP ${response.status}`);
  }

  async get<T>(path: string): Promise<T> {
    return (await this.call<T>('GET', path)).result;
  }

  /** All pages of a list, at most `limit` items. */
  async list<T>(path: string, limit = Number.POSITIVE_INFINITY, pageSize = 100): Promise<T[]> {
    const items: T[] = [];
    const join = path.includes('?') ? '&' : '?';
    for (let page = 1; items.length < limit; page += 1) {
      const answer = await this.call<readonly T[]>('GET', `${path}${join}page=${page}&per_page=${pageSize}`);
      items.push(...answer.result);
      if (answer.result.length === 0 || page >= (answer.result_info?.total_pages ?? 1)) break;
    }
    return items.slice(0, limit);
  }

  async instance(): Promise<Instance> {
    this.#instance ??= await this.get<Instance>('/instance');
    return this.#instance;
  }

  /** Ingest or enforcer: where told, else where the instance says. */
  async dataPlane(service: 'ingest' | 'enforcer', path: string, init: RequestInit): Promise<Response> {
    const told = service === 'ingest' ? this.#target.ingestUrl : this.#target.enforcerUrl;
    const base = told ?? (await this.instance()).addresses[service];
    const token = service === 'ingest' ? this.#target.ingestToken : this.#target.enforcerToken;
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    return await exchange(`${base}${path}`, { ...init, headers });
  }

  /** A zone by its id or its name; undefined where there is none. */
  async findZone(idOrName: string): Promise<Zone | undefined> {
    const zones = await this.list<Zone>('/zones');
    return zones.find((zone) => zone.id === idOrName) ?? zones.find((zone) => zone.name === idOrName);
  }

  async zone(idOrName: string): Promise<Zone> {
    const zone = await this.findZone(idOrName);
    if (zone !== undefined) return zone;
    throw new RefusedError(
      404,
      `unknown zone ${idOrName}; "precede zones list" shows the zones, "precede zones add NAME" makes one`,
    );
  }

  /** Waits until ingest or enforcer works with this revision of the zone, so that what was just configured counts. */
  async awaitRevision(service: 'ingest' | 'enforcer', zone: Zone): Promise<void> {
    const deadline = Date.now() + 30_000 + this.#patienceMs;
    while (Date.now() < deadline) {
      if ((await this.#revision(service, zone)) >= zone.revision) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new UnavailableError(
      ErrorCode.logUnavailable,
      `${service} has not taken over revision ${zone.revision} of the zone in time`,
    );
  }

  async #revision(service: 'ingest' | 'enforcer', zone: Zone): Promise<number> {
    try {
      const response = await this.dataPlane(service, `/v1/zones/${zone.id}`, {});
      const body = (await response.json()) as { revision?: number };
      return response.ok ? (body.revision ?? -1) : -1;
    } catch (error) {
      if (error instanceof UnavailableError && this.#patienceMs > 0) return -1;
      throw error;
    }
  }
}

const parseEnvelope = async <T>(response: Response): Promise<Envelope<T>> => {
  const text = await response.text();
  try {
    const value = JSON.parse(text) as Envelope<T>;
    if (typeof value.success === 'boolean') return value;
  } catch {
    // Not ours: said below, with its beginning.
  }
  const said = `HTTP ${response.status}, not an answer of the management API: ${text.slice(0, 200)}`;
  // A control that waits for its topics, or a proxy before one that is away, speaks no envelope and means: come back.
  if ([502, 503, 504].includes(response.status)) throw new UnavailableError(ErrorCode.logUnavailable, said);
  throw new RefusedError(response.status, said);
};
