/** First pass of an import: every input through its parser into the sorter, counting what is refused and why. */

import { cloudTrailRecords, parseCloudTrail } from './cloudtrail.ts';
import { parseCombined } from './combined.ts';
import type { ImportedEvent, Parsed, SessionChoice } from './event.ts';
import { type InputFile, type OnBytes, openInput } from './input.ts';
import { readLines } from './lines.ts';
import { parseNdjson } from './ndjson.ts';
import type { EventSorter } from './sorter.ts';

export const formats = ['combined', 'ndjson', 'cloudtrail'] as const;
export type Format = (typeof formats)[number];

export interface ReadOptions {
  readonly format: Format;
  readonly session: SessionChoice | undefined;
  /** Host of a format that names none. */
  readonly host: string;
}

export interface ReadTotals {
  /** Requests or lines seen; the position of the next one. */
  read: number;
  readonly refused: Map<string, number>;
}

export const readInputs = async (
  paths: readonly string[],
  options: ReadOptions,
  into: EventSorter,
  onBytes: OnBytes,
): Promise<ReadTotals> => {
  const totals: ReadTotals = { read: 0, refused: new Map() };
  for (const path of paths)
    for await (const file of openInput(path, onBytes))
      for await (const parsed of parseFile(file, options)) await take(parsed, totals, into);
  return totals;
};

const take = async (parsed: Parsed, totals: ReadTotals, into: EventSorter): Promise<void> => {
  const position = totals.read;
  totals.read += 1;
  if ('refused' in parsed) totals.refused.set(parsed.refused, (totals.refused.get(parsed.refused) ?? 0) + 1);
  else await into.add({ position, event: parsed.event });
};

async function* parseFile(file: InputFile, options: ReadOptions): AsyncGenerator<Parsed> {
  if (options.format === 'cloudtrail') yield* parseCloudTrailFile(file, options);
  else
    for await (const line of readLines(file.bytes))
      yield 'refused' in line ? line : parseLine(line.text, options);
}

const parseLine = (text: string, options: ReadOptions): Parsed => {
  if (options.format === 'ndjson') return parseNdjson(text, options.session);
  return parseCombined(text, { host: options.host, session: options.session ?? { kind: 'client' } });
};

/** A CloudTrail file is one JSON document, written by AWS every few minutes: far below this. */
const maxDocumentBytes = 256 * 1024 * 1024;

async function* parseCloudTrailFile(file: InputFile, options: ReadOptions): AsyncGenerator<Parsed> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of file.bytes) {
    size += chunk.length;
    if (size <= maxDocumentBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  // Archives carry licences and digests beside the logs.
  if (!/\.json(\.gz)?$/i.test(file.name) && !looksLikeJson(chunks[0])) return;
  if (size > maxDocumentBytes) yield { refused: `a file is larger than ${maxDocumentBytes} bytes` };
  else yield* parseDocument(Buffer.concat(chunks).toString('utf8'), options);
}

const looksLikeJson = (head: Buffer | undefined): boolean =>
  /^\s*\{/.test(head?.toString('latin1', 0, 64) ?? '');

function* parseDocument(text: string, options: ReadOptions): Generator<Parsed> {
  let records: readonly unknown[];
  try {
    records = cloudTrailRecords(text);
  } catch {
    yield { refused: 'a file is no CloudTrail JSON ({"Records": [...]})' };
    return;
  }
  for (const record of records) yield parseCloudTrail(record, options.session);
}

/** The event as ingest takes it. */
export const toIngestEvent = (event: ImportedEvent, shiftMs: number, id: string): Record<string, unknown> => {
  const { timeMs, ...rest } = event;
  return { ...rest, time: timeMs + shiftMs, id: event.id ?? id };
};
