/** One request as an importer reads it, before ingest: times in ms, everything else as ingest's JSON has it. */

export interface SessionValue {
  readonly type: 'header' | 'cookie';
  readonly name: string;
  readonly value: string;
}

export interface ImportedEvent {
  timeMs: number;
  readonly method: string;
  readonly host: string;
  /** With its query, as it was logged; ingest strips it. */
  readonly path: string;
  readonly status?: number;
  readonly duration_ms?: number;
  readonly bytes?: number;
  readonly session?: string | SessionValue;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly cookies?: Readonly<Record<string, string>>;
  readonly id?: string;
}

/** What a parser makes of one piece of input. */
export type Parsed = { readonly event: ImportedEvent } | { readonly refused: string };

/** What session an event belongs to, as `--session` asks. */
export type SessionChoice =
  | { readonly kind: 'client' }
  | { readonly kind: 'header' | 'cookie'; readonly name: string }
  | { readonly kind: 'field' };

/** `client+user-agent`, `header:NAME`, `cookie:NAME`, `field`; undefined for anything else. */
export const parseSessionChoice = (text: string): SessionChoice | undefined => {
  if (text === 'client+user-agent') return { kind: 'client' };
  if (text === 'field') return { kind: 'field' };
  const match = /^(header|cookie):(.+)$/.exec(text);
  return match === null ? undefined : { kind: match[1] as 'header' | 'cookie', name: match[2] ?? '' };
};

/** RFC 3339 text or milliseconds → milliseconds; undefined where it is neither. */
export const parseTime = (value: unknown): number | undefined => {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.round(value) : undefined;
  if (typeof value !== 'string' || !rfc3339.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
};
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
