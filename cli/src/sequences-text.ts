/** A list of sequences as text for people: what the score means, then each with bar, interval, support and path. */
import type { NamedOperation, SequenceView } from './api-client.ts';
import { arrow, bar, type Look, shorten } from './chart.ts';
import { bold, clean, dim } from './output.ts';
import type { Kind } from './sequences-api.ts';

const barWidth = 10;
const exactSessions = 32;

export const meanings: Readonly<Record<Kind, string>> = {
  precedence:
    'the share of requests of the last operation that come directly after the others, in this order',
  correlation: 'how much more often the operations follow each other so than by chance; no interval',
  lookback:
    'the share of requests of the last operation with the first among the 9 operations before: what an allow rule lets through',
};

export const nameOf = ({ short_id, method, host, endpoint }: NamedOperation): string =>
  method === null ? `(operation ${short_id}, no longer known)` : clean(`${method} ${host}${endpoint}`);

/** One operation a line: arrow, short id, method, path; the path is cut where the terminal ends. */
export const operationLine = (o: NamedOperation, isFirst: boolean, indent: number, look: Look): string => {
  const lead = `${' '.repeat(indent)}${isFirst ? '  ' : arrow(look)} `;
  const method = (o.method ?? '').padEnd(4);
  const path = o.method === null ? '(no longer known)' : clean(`${o.host}${o.endpoint}`);
  const room = look.columns - lead.length - o.short_id.length - method.length - 2;
  return `${lead}${dim(o.short_id)} ${method} ${shorten(path, Math.max(room, 12), look)}`;
};

/** `12 of 13`, and how many more the 12 may be. */
export const supportText = (support: number, lastSupport: number, undercount: number): string =>
  `${support}${undercount > 0 ? ` (or up to ${undercount} more)` : ''} of ${lastSupport}`;

/** From 32 on the instance estimates how many there are. */
export const sessionsText = (sessions: number): string =>
  `${sessions < exactSessions ? '' : 'about '}${sessions} sessions`;

export const intervalText = (low: number, high: number): string => `[${low.toFixed(3)}, ${high.toFixed(3)}]`;

const itemLines = (kind: Kind, s: SequenceView, look: Look): readonly string[] => {
  const interval = kind === 'correlation' ? '' : `  ${dim(intervalText(s.low, s.high))}`;
  const counts = `${supportText(s.support, s.last_support, s.undercount)}  ${sessionsText(s.sessions)}`;
  return [
    `${bar(s.score, barWidth, look)} ${bold(s.score.toFixed(3))}${interval}  ${counts}`,
    ...s.operations.map((o, i) => operationLine(o, i === 0, barWidth - 3, look)),
    `${' '.repeat(barWidth)}${dim(s.id)}`,
  ];
};

export interface ShownList {
  readonly kind: Kind;
  readonly items: readonly SequenceView[];
  readonly total: number;
  readonly messages: readonly string[];
  /** From 1; where the list was asked for as pages. */
  readonly page?: number;
}

export const listText = ({ kind, items, total, messages, page }: ShownList, look: Look): string => {
  const head = messages.map((message) => dim(clean(message)));
  if (items.length === 0) {
    const none =
      total === 0
        ? 'no sequence fits; one is listed from 10 occurrences in 5 sessions on, unless the scorer is told otherwise'
        : `no sequence on this page; there are ${total}`;
    return [...head, none].join('\n');
  }
  const legend = [
    dim(`score: ${meanings[kind]}`),
    dim(
      `then ${kind === 'correlation' ? '' : 'its 99 % interval, '}support of occurrences of the last operation, and sessions with it`,
    ),
  ];
  const place = page === undefined ? '' : `, page ${page}`;
  const rest = items.length < total ? [dim(`${items.length} of ${total}${place}`)] : [];
  return [...head, ...legend, ...items.flatMap((item) => itemLines(kind, item, look)), ...rest].join('\n');
};
