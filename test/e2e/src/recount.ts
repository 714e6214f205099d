/**
 * A plain recount of an input file, written from the specification alone: no code of the services is used here.
 * Slow and obvious on purpose; what ClickHouse holds must equal it to the last unit.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface Request {
  timeMs: number;
  readonly position: number;
  readonly session: string | undefined;
  readonly method: string;
  readonly host: string;
  readonly path: string;
}

export interface OperationLine {
  readonly short_id: string;
  readonly method: string;
  readonly host: string;
  readonly endpoint: string;
}

const hourMs = 3_600_000;
const gapMs = 600_000;
const longest = 9;

export const readApacheLog = (file: string, host: string): Request[] => {
  const requests: Request[] = [];
  for (const [position, line] of gunzipSync(readFileSync(file)).toString('latin1').split('\n').entries()) {
    const parts = line.split('"');
    const [client] = line.split(' ');
    const stamp = /\[(\d+)\/(\w+)\/(\d+):(\d\d:\d\d:\d\d) \+0000\]/.exec(line);
    const request = /^([A-Z]+) (\/\S*) HTTP\/1\.[01]$/.exec(parts[1] ?? '');
    if (stamp === null || request === null || parts.length < 7) continue;
    const timeMs = Date.parse(`${stamp[2]} ${stamp[1]} ${stamp[3]} ${stamp[4]} UTC`);
    // The user agent is the last quoted part; none of this file's has an escaped quote inside that matters here.
    const session = `${client} ${parts.slice(5, -1).join('"')}`;
    requests.push({ timeMs, position, session, method: request[1] ?? '', host, path: request[2] ?? '' });
  }
  return requests;
};

interface TrailRecord {
  eventTime: string;
  eventName: string;
  eventSource: string;
  userIdentity?: { accessKeyId?: string; arn?: string; invokedBy?: string };
}

/** Files in the order of the archive, records in the order of the files. */
export const readCloudTrail = (archive: string): Request[] => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-recount-'));
  try {
    execFileSync('tar', ['xzf', archive, '-C', dir]);
    const names = execFileSync('tar', ['tzf', archive], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => name.endsWith('.json'));
    if (names.length !== readdirSync(join(dir, 'CloudTrail')).filter((name) => name.endsWith('.json')).length)
      throw new Error('the archive has files of one name');
    const records = names.flatMap(
      (name) => (JSON.parse(readFileSync(join(dir, name), 'utf8')) as { Records: TrailRecord[] }).Records,
    );
    return records.map((r, position) => ({
      timeMs: Date.parse(r.eventTime),
      position,
      session: r.userIdentity?.accessKeyId || r.userIdentity?.arn || r.userIdentity?.invokedBy,
      method: 'POST',
      host: r.eventSource,
      path: `/${r.eventName}`,
    }));
  } finally {
    rmSync(dir, { recursive: true });
  }
};

/** Short id of the operation that matches: all segments equal or variable, static before variable from the left. */
export const matcherOf = (
  operations: readonly OperationLine[],
): ((request: Request) => string | undefined) => {
  const known = new Map<string, string | undefined>();
  return (request) => {
    const key = `${request.method} ${request.host}${pathOf(request.path)}`;
    if (!known.has(key)) known.set(key, matchOne(operations, request));
    return known.get(key);
  };
};

const matchOne = (operations: readonly OperationLine[], request: Request): string | undefined => {
  const segments = pathOf(request.path).split('/');
  const fits = operations
    .filter((o) => o.method === request.method && o.host === request.host)
    .map((o) => ({ id: o.short_id, template: o.endpoint.split('/') }))
    .filter((o) => o.template.length === segments.length)
    .filter((o) =>
      o.template.every((part, i) => part === segments[i] || (isVariable(part) && segments[i] !== '')),
    );
  const rank = (template: readonly string[]): string =>
    template.map((part) => (isVariable(part) ? 'v' : 's')).join('');
  fits.sort((a, b) => (rank(a.template) < rank(b.template) ? -1 : 1));
  return fits[0]?.id;
};

const isVariable = (part: string): boolean => /^\{.*\}$/.test(part);

/** Query and fragment off, doubled slashes one, needless escapes decoded: the spelling operations are saved in. */
const pathOf = (path: string): string =>
  (path.split(/[?#]/, 1)[0] ?? '')
    .replace(/\/{2,}/g, '/')
    .replace(/%([0-9a-fA-F]{2})/g, (escaped, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return /[A-Za-z0-9\-._~]/.test(character) ? character : escaped.toUpperCase();
    });

export interface Counts {
  /** `form hour id>id>id` → occurrences, for sequences of 1 to 9 operations within the window. */
  readonly sequences: ReadonlyMap<string, number>;
  readonly sessions: number;
  readonly requests: number;
}

/** Counts every sequence of every session window, completed in [start of the hour of `nowMs` − 24 h, `nowMs`]. */
export const recount = (
  requests: readonly Request[],
  operationOf: (request: Request) => string | undefined,
  shiftMs: number,
  nowMs: number,
): Counts => {
  const fromMs = Math.floor(nowMs / hourMs) * hourMs - 24 * hourMs;
  const sequences = new Map<string, number>();
  const add = (form: string, timeMs: number, ids: readonly string[]): void => {
    if (timeMs < fromMs || timeMs > nowMs) return;
    const key = `${form} ${Math.floor(timeMs / hourMs) * hourMs} ${ids.join('>')}`;
    sequences.set(key, (sequences.get(key) ?? 0) + 1);
  };
  const windows = windowsOf(requests, operationOf, shiftMs);
  for (const window of windows) {
    const collapsed = window.filter((r, i) => i === 0 || r.id !== window[i - 1]?.id);
    for (const [form, list] of [
      ['raw', window],
      ['collapsed', collapsed],
    ] as const)
      for (let last = 0; last < list.length; last += 1)
        for (let n = 1; n <= longest && n <= last + 1; n += 1)
          add(
            form,
            list[last]?.timeMs ?? 0,
            list.slice(last + 1 - n, last + 1).map((r) => r.id),
          );
  }
  return { sequences, sessions: windows.length, requests: windows.reduce((sum, w) => sum + w.length, 0) };
};

interface Step {
  readonly timeMs: number;
  readonly id: string;
}

const windowsOf = (
  requests: readonly Request[],
  operationOf: (request: Request) => string | undefined,
  shiftMs: number,
): Step[][] => {
  const bySession = new Map<string, Step[][]>();
  const sorted = [...requests].sort((a, b) => a.timeMs - b.timeMs || a.position - b.position);
  for (const request of sorted) {
    const id = operationOf(request);
    if (request.session === undefined || id === undefined) continue;
    const windows = bySession.get(request.session) ?? [];
    bySession.set(request.session, windows);
    const step = { timeMs: request.timeMs + shiftMs, id };
    const open = windows.at(-1);
    const last = open?.at(-1);
    if (open === undefined || last === undefined || step.timeMs - last.timeMs > gapMs) windows.push([step]);
    else open.push(step);
  }
  return [...bySession.values()].flat();
};
