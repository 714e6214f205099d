/**
 * Question: how many events a second, and how many CPU seconds a million events, from a file to a stored score?
 * Input: seeded NDJSON, 60 operations in 8 journeys with 3 % noise, sessions overlapping in time, in time order.
 * Floor, in the same run: one Node process that only reads, JSON-parses and counts bigrams of the same file in memory.
 * It is not: a load test of the network or of many partitions on many machines.
 * Usage: node src/pipeline.bench.ts [--events 200000] [--kafka]   (--kafka: under tools/kafka/with-kafka.sh)
 */
import { createReadStream, createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { acquireKafka, clockMs, type Deployment, deployEmbedded, deployOnKafka, run } from '@precede/testkit';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '200000' }, kafka: { type: 'boolean', default: false } },
});
const events = Number(values.events);
const out = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Deterministic: the same file on every machine. */
const random = (seed: number) => (): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};

const writeInput = async (path: string): Promise<void> => {
  const next = random(42);
  const journeys = Array.from({ length: 8 }, () =>
    Array.from({ length: 4 + Math.floor(next() * 8) }, () => Math.floor(next() * 60)),
  );
  const sessions = Array.from({ length: 200 }, (_, i) => ({ id: `s${i}`, journey: i % 8, step: 0 }));
  const file = createWriteStream(path);
  const startMs = clockMs - 20 * 3_600_000;
  for (let i = 0; i < events; i += 1) {
    const session = sessions[Math.floor(next() * sessions.length)];
    if (session === undefined) continue;
    const journey = journeys[session.journey] ?? [];
    const operation = next() < 0.03 ? Math.floor(next() * 60) : (journey[session.step] ?? 0);
    session.step += 1;
    const time = startMs + Math.floor((i * 20 * 3_600_000) / events);
    const line = JSON.stringify({
      time,
      method: 'GET',
      host: 'api.example.com',
      path: `/v1/resource${operation}/items`,
      status: 200,
      session: session.id,
    });
    if (session.step >= journey.length)
      Object.assign(session, { id: `s${i}x`, journey: Math.floor(next() * 8), step: 0 });
    if (!file.write(`${line}\n`)) await new Promise<void>((resolve) => file.once('drain', () => resolve()));
  }
  file.end();
  await finished(file);
};

/** CPU seconds of a process and all its children so far, from /proc. */
const cpuSeconds = (pids: readonly number[]): number => {
  const parents = new Map<number, number>();
  const ticks = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      parents.set(Number(name), Number(fields[1]));
      ticks.set(Number(name), Number(fields[11]) + Number(fields[12]));
    } catch {
      // The process ended between listing and reading.
    }
  }
  const isOurs = (pid: number): boolean =>
    pids.includes(pid) || (parents.has(pid) && isOurs(parents.get(pid) ?? 0));
  let total = 0;
  for (const [pid, used] of ticks) if (isOurs(pid)) total += used;
  return total / 100;
};

const floor = async (path: string): Promise<{ seconds: number; cpu: number; sequenced: number }> => {
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const last = new Map<string, string>();
  const counts = new Map<string, number>();
  let sequenced = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const event = JSON.parse(line) as { session: string; path: string };
    const key = `${last.get(event.session) ?? ''} ${event.path}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    last.set(event.session, event.path);
    sequenced += 1;
  }
  const used = process.cpuUsage(cpuBefore);
  return { seconds: (performance.now() - started) / 1000, cpu: (used.user + used.system) / 1e6, sequenced };
};

const measure = async (
  d: Deployment & { pids(): number[] },
  path: string,
): Promise<{ seconds: number; cpu: number }> => {
  const args = [
    'import',
    path,
    '--format',
    'ndjson',
    '--zone',
    'bench',
    '--learn-operations',
    '--data',
    d.dataDir,
    '--wait',
    '--json',
  ];
  const cpuBefore = cpuSeconds(d.pids());
  const started = performance.now();
  const summary = JSON.parse(await run(args, d.env)) as { zone_id: string; accepted: number };
  const seconds = (performance.now() - started) / 1000;
  const cpu = cpuSeconds(d.pids()) - cpuBefore;
  const rows = await d.sql(`SELECT sum(occurrences) AS total FROM sequence_hours
    WHERE zone_id = '${summary.zone_id}' AND form = 'raw' AND length(operations) = 1`);
  const counted = Number(rows[0]?.['total']);
  if (summary.accepted !== events || counted !== events)
    throw new Error(`accepted ${summary.accepted}, counted ${counted} of ${events}`);
  return { seconds, cpu };
};

const dir = mkdtempSync(join(tmpdir(), 'precede-bench-'));
const path = join(dir, 'events.ndjson');
await writeInput(path);
const base = await floor(path);
const perMillion = 1_000_000 / events;
const kafka = values.kafka ? await acquireKafka() : undefined;
if (kafka !== undefined && 'skip' in kafka) throw new Error(`no Kafka: ${kafka.skip}`);
const deployment = kafka === undefined ? await deployEmbedded() : await deployOnKafka(kafka);
try {
  const result = await measure(deployment, path);
  out(
    `pipeline from file to score, ${values.kafka ? 'on Kafka' : 'embedded'}, ${events} events, all counted exactly once`,
  );
  out(
    `  floor (read, parse, count bigrams)  ${Math.round(events / base.seconds)} events/s  ${(base.cpu * perMillion).toFixed(2)} CPU-s per 1M`,
  );
  out(
    `  precede (services and ClickHouse)   ${Math.round(events / result.seconds)} events/s  ${(result.cpu * perMillion).toFixed(2)} CPU-s per 1M`,
  );
  out(`  ratio of CPU to the floor           ${(result.cpu / base.cpu).toFixed(1)}`);
} finally {
  await deployment.close();
  await kafka?.release();
  rmSync(dir, { recursive: true });
}
