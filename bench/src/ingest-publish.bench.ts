/**
 * Question: what does ingest's own work cost for each event (cut, parse, validate, match, hash, encode), against the
 * least that anything taking JSON must do: JSON.parse of the same lines?
 * Input: seeded; 50,000 events of 2,000 sessions named by a header, 60 operations, one event in twenty unmatched; as
 * NDJSON, as an array, and with a session of its own for every event. Rounds alternate. Results are counted inside.
 * The number is not: HTTP, decompression, or the log (embedded-log.bench.ts, pipeline.bench.ts).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Operation, OperationId, ZoneId } from '@precede/contracts';
import { shortIdOf } from '@precede/contracts';
import { compileMatcher } from '@precede/endpoints';
import { type Prepared, prepareBody } from '@precede/ingest';
import { openEmbeddedLog } from '@precede/log';
import { createSampler, systemClock, zoneSecretOf } from '@precede/service';
import { seeded } from '@precede/testkit/seeded';

const total = 50_000;
const rounds = 7;
const operations = 60;
const zoneId = 'a'.repeat(32) as ZoneId;
const nowMs = systemClock.now();

const dir = mkdtempSync(join(tmpdir(), 'precede-bench-'));
const log = await openEmbeddedLog({ dir, partitions: 1 });
const deps = {
  codec: log.codec,
  clock: systemClock,
  sampler: createSampler(0),
  maxEvents: total,
  maxEventBytes: 1_048_576,
};
const zone = {
  zoneId,
  revision: 1,
  secret: zoneSecretOf(Buffer.alloc(32, 7), zoneId),
  identifiers: [{ type: 'header', name: 'X-Session' }] as const,
  tokens: null,
  isFedByEnforcer: false,
  matcher: compileMatcher(Array.from({ length: operations }, (_, n) => operation(n))),
};
const lines = makeLines(2_000);
const ndjson = Buffer.from(lines.join('\n'));
const array = Buffer.from(`[${lines.join(',')}]`);
const strangers = Buffer.from(makeLines(total).join('\n'));

const results = new Map<string, number[]>();
for (let round = 0; round < rounds; round += 1) {
  await measure('floor: JSON.parse of each line', parseOnly);
  await measure('ingest core, NDJSON', () => prepare(ndjson, true));
  await measure('ingest core, array', () => prepare(array, false));
  await measure('ingest core, NDJSON, each event its own session', () => prepare(strangers, true));
}
print();
await log.close();
rmSync(dir, { recursive: true });

function operation(n: number): Operation {
  const operationId = `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000` as OperationId;
  const endpoint = n % 2 === 0 ? `/api/v1/thing${n}` : `/api/v1/thing${n}/{var1}/part`;
  return {
    operationId,
    shortId: shortIdOf(operationId),
    method: 'GET',
    host: 'api.example.com',
    endpoint,
    lastUpdatedMs: 0,
  };
}

function makeLines(sessions: number): string[] {
  const random = seeded(42);
  const pick = (n: number): number => Math.floor(random() * n);
  return Array.from({ length: total }, (_, i) => {
    const n = pick(operations);
    const matched = n % 2 === 0 ? `/api/v1/thing${n}?page=${pick(9)}` : `/api/v1/thing${n}/${pick(1e6)}/part`;
    return JSON.stringify({
      time: new Date(nowMs - total + i).toISOString(),
      method: 'GET',
      host: 'api.example.com',
      path: pick(20) === 0 ? '/elsewhere' : matched,
      status: 200,
      duration_ms: pick(1000) / 10,
      bytes: pick(10_000),
      headers: {
        'user-agent': 'bench/1.0',
        'x-session': `session-${sessions === total ? i : pick(sessions)}`,
      },
      id: `import-1:${i}`,
    });
  });
}

async function parseOnly(): Promise<number> {
  let events = 0;
  for (const line of ndjson.toString('utf8').split('\n')) events += JSON.parse(line).method === 'GET' ? 1 : 0;
  return events;
}

async function prepare(bytes: Buffer, isNdjson: boolean): Promise<number> {
  const prepared: Prepared = await prepareBody({ zone, source: 'live' as never, bytes, isNdjson }, deps);
  const { accepted, sequenced, unmatched, withoutSession } = prepared.tally;
  if (sequenced !== prepared.records.length || accepted !== sequenced + unmatched || withoutSession !== 0)
    throw new Error('the core lost or doubled an event');
  return accepted;
}

async function measure(name: string, run: () => Promise<number>): Promise<void> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  const events = await run();
  const { user, system } = process.cpuUsage(before);
  if (events !== total) throw new Error(`${name}: ${events} of ${total} events`);
  results.set(name, [...(results.get(name) ?? []), (user + system) / total]);
}

function print(): void {
  const floor = median([...results.values()][0] ?? []);
  const bytes = (ndjson.length / total).toFixed(0);
  process.stdout.write(
    `${total} events of ${bytes} bytes, median of ${rounds} rounds, Node ${process.version}\n`,
  );
  for (const [name, micros] of results) {
    const cost = median(micros);
    const perSecond = Math.round(1e6 / cost).toLocaleString('en');
    process.stdout.write(
      `${name}: ${cost.toFixed(2)} CPU µs an event, ${perSecond}/s, ${(cost / floor).toFixed(1)} x floor\n`,
    );
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
