/**
 * Second pass: sorted events to ingest, one batch at a time (order is what the import promises), each acknowledged
 * before the ledger moves. A service that is away is waited for: nothing is skipped.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, UnavailableError } from '@precede/contracts';
import type { ApiClient } from '../api-client.ts';
import { RefusedError } from '../exit.ts';
import { type Ledger, writeLedger } from './ledger.ts';
import { toIngestEvent } from './read.ts';
import type { EventSorter } from './sorter.ts';

const maxBatchEvents = 5_000;
const maxBatchBytes = 4 * 1024 * 1024;
const giveUpMs = 10 * 60_000;

export interface SendOptions {
  readonly api: ApiClient;
  readonly ledger: Ledger;
  readonly dataDir: string;
  readonly source: string;
  onProgress(acknowledged: number): void;
  onWaiting(message: string): void;
}

interface Answer {
  readonly accepted: number;
  readonly matched: number;
  readonly unmatched: number;
  readonly without_session: number;
  readonly refused_total?: number;
  readonly refused: readonly { index: number; code: string; message: string; pointer?: string }[];
}

export const sendAll = async (sorter: EventSorter, options: SendOptions): Promise<void> => {
  const { ledger } = options;
  let lines: string[] = [];
  let bytes = 0;
  let index = 0;
  for await (const { position, event } of sorter.sorted()) {
    index += 1;
    if (index <= ledger.acknowledged) continue;
    const line = JSON.stringify(toIngestEvent(event, ledger.shiftMs, `${ledger.importId}:${position}`));
    lines.push(line);
    bytes += line.length;
    if (lines.length < maxBatchEvents && bytes < maxBatchBytes) continue;
    await sendBatch(lines, options);
    lines = [];
    bytes = 0;
  }
  if (lines.length > 0) await sendBatch(lines, options);
  await endSource(options);
};

const sendBatch = async (lines: readonly string[], options: SendOptions): Promise<void> => {
  const { ledger } = options;
  const path = `/v1/zones/${ledger.zoneId}/events?source=${encodeURIComponent(options.source)}`;
  const body = `${lines.join('\n')}\n`;
  const answer = (await persistently(path, body, options)) as Answer;
  ledger.totals.accepted += answer.accepted;
  ledger.totals.matched += answer.matched;
  ledger.totals.unmatched += answer.unmatched;
  ledger.totals.withoutSession += answer.without_session;
  countRefused(answer, ledger.totals.refused);
  ledger.acknowledged += lines.length;
  await writeLedger(options.dataDir, ledger);
  options.onProgress(ledger.acknowledged);
};

const countRefused = (answer: Answer, refused: Record<string, number>): void => {
  for (const each of answer.refused) {
    const reason = `${each.pointer ?? ''} ${each.message}`
      .replace(/^\/\d+/, '')
      .trim()
      .replace(/\d{3,}/g, 'N');
    refused[reason] = (refused[reason] ?? 0) + 1;
  }
  const unlisted = (answer.refused_total ?? answer.refused.length) - answer.refused.length;
  if (unlisted > 0) refused['not listed by ingest'] = (refused['not listed by ingest'] ?? 0) + unlisted;
};

const endSource = async (options: SendOptions): Promise<void> => {
  const { ledger } = options;
  await persistently(
    `/v1/zones/${ledger.zoneId}/sources/${encodeURIComponent(options.source)}/end`,
    '',
    options,
  );
  ledger.isComplete = true;
  await writeLedger(options.dataDir, ledger);
};

/** Posts until it is acknowledged; 429, 5xx and silence are tried again for ten minutes, with a growing pause. */
const persistently = async (path: string, body: string, options: SendOptions): Promise<unknown> => {
  const deadline = Date.now() + giveUpMs;
  for (let pauseMs = 200; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
    const outcome = await post(path, body, options.api);
    if (outcome.kind === 'done') return outcome.answer;
    if (outcome.kind === 'refused') throw outcome.error;
    if (Date.now() > deadline)
      throw new UnavailableError(
        ErrorCode.logUnavailable,
        `gave up after 10 minutes: ${outcome.why}; run the same command again to go on`,
      );
    options.onWaiting(outcome.why);
    await sleep(pauseMs);
  }
};

type Outcome =
  | { readonly kind: 'done'; readonly answer: unknown }
  | { readonly kind: 'away'; readonly why: string }
  | { readonly kind: 'refused'; readonly error: Error };

const post = async (path: string, body: string, api: ApiClient): Promise<Outcome> => {
  try {
    const headers = { 'content-type': 'application/x-ndjson' };
    const response = await api.dataPlane('ingest', path, {
      method: 'POST',
      body,
      ...(body === '' ? {} : { headers }),
    });
    const text = await response.text();
    if (response.status === 429 || response.status >= 500)
      return { kind: 'away', why: `ingest answers ${response.status}: ${messageOf(text)}` };
    const answer = JSON.parse(text) as { accepted?: number };
    // A batch in which every event is refused is a 4xx, but an answer all the same.
    if (response.ok || typeof answer.accepted === 'number') return { kind: 'done', answer };
    return {
      kind: 'refused',
      error: new RefusedError(response.status, `ingest refuses the batch: ${messageOf(text)}`),
    };
  } catch (error) {
    if (error instanceof UnavailableError) return { kind: 'away', why: error.message };
    throw error;
  }
};

const messageOf = (text: string): string => {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
};
