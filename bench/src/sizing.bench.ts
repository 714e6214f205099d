/**
 * Question: does one partition carry its share of 1,000,000 requests a second (docs/sizing.md: 5,200/s), at real speed through
 * real parts, and which stage limits? CPU of each process, lag and its peak under a steady rate, then a burst of four times
 * the rate and the seconds until it is worked off.
 * Input: made-up live traffic of many sessions on one partition; `--hot` is the share of one operation.
 * It is not: two hundred partitions beside each other, a network, replicas, or days.
 * Usage: tools/kafka/with-kafka.sh node bench/src/sizing.bench.ts [--rate 5200] [--seconds 30] [--sessions 100000] [--hot 0.2]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { acquireKafka, deployOnKafka } from '@precede/testkit';
import { seeded } from '@precede/testkit/seeded';
import { cpuSeconds } from './cpu.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '5200' },
    seconds: { type: 'string', default: '30' },
    sessions: { type: 'string', default: '100000' },
    hot: { type: 'string', default: '0.2' },
  },
});
const [rate, seconds, sessions, hot] = [values.rate, values.seconds, values.sessions, values.hot].map(
  Number,
) as [number, number, number, number];
const operations = 60;
const ticksPerSecond = 10;
const host = 'api.example.com';
const out = (line: string): boolean => process.stdout.write(`${line}\n`);
const names = ['clickhouse', 'ingest', 'sessionizer', 'scorer', 'enforcer', 'control'] as const;

const kafka = await acquireKafka();
if ('skip' in kafka) throw new Error(kafka.skip);
const d = await deployOnKafka({
  ...kafka,
  env: { PRECEDE_KAFKA_PARTITIONS: '1', PRECEDE_CLOCK: '', PRECEDE_SESSIONIZER_MAX_WINDOWS: '1000000' },
});
const pids = new Map(d.partPids());
const random = seeded(7);

/** The engine is a child of the process that was started. */
const withChildren = (pid: number): number[] => {
  const children = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(pid);
    } catch {
      return false;
    }
  });
  return [pid, ...children.map(Number)];
};
const sum = (pid: number, of: (each: number) => number): number =>
  withChildren(pid).reduce((total, each) => total + of(each), 0);

const residentMiB = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);

try {
  const zone = await d.control<{ id: string }>('POST', '/zones', { name: 'sizing' });
  await d.control(
    'POST',
    `/zones/${zone.id}/api_gateway/operations`,
    Array.from({ length: operations }, (_, i) => ({ method: 'GET', host, endpoint: `/v1/r${i}/items` })),
  );
  const ingest = (await d.control<{ addresses: { ingest: string } }>('GET', '/instance')).addresses.ingest;
  let sent = 0;
  const send = async (count: number): Promise<void> => {
    const body = Array.from({ length: count }, () => {
      const operation = random() < hot ? 0 : Math.floor(random() * operations);
      return JSON.stringify({
        time: Date.now(),
        method: 'GET',
        host,
        path: `/v1/r${operation}/items`,
        session: `s${Math.floor(random() * sessions)}`,
        id: String(sent++),
      });
    }).join('\n');
    const response = await fetch(`${ingest}/v1/zones/${zone.id}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body,
    });
    if (!response.ok) throw new Error(`ingest answers ${response.status}`);
    await response.arrayBuffer();
  };
  /** Requests whose count is stored, by the scorer's own word. */
  const counted = async (): Promise<number> => {
    const rows = await d.sql(
      `SELECT max(c.positions[1]) AS n FROM count_progress AS c WHERE zone_id = '${zone.id}' AND hour > 0 GROUP BY hour, epoch`,
    );
    return rows.reduce((sum, row) => sum + Number(row['n']), 0);
  };
  const feed = async (perSecond: number, forSeconds: number): Promise<{ seconds: number; peak: number }> => {
    const started = performance.now();
    let peak = 0;
    for (let tick = 0; tick < forSeconds * ticksPerSecond; tick += 1) {
      await send(Math.round(perSecond / ticksPerSecond));
      if (tick % ticksPerSecond === 0) peak = Math.max(peak, sent - (await counted()));
      await sleep(Math.max(0, started + ((tick + 1) * 1_000) / ticksPerSecond - performance.now()));
    }
    return { seconds: (performance.now() - started) / 1_000, peak };
  };

  await feed(rate, 5);
  const before = new Map([...pids].map(([name, pid]) => [name, sum(pid, cpuSeconds)]));
  const sentBefore = sent;
  const steady = await feed(rate, seconds);
  const steadyRequests = sent - sentBefore;
  out(
    `steady: ${Math.round(steadyRequests / steady.seconds)}/s asked ${rate}/s, hot operation ${hot * 100} %, ${sessions} sessions`,
  );
  out(
    `not yet counted at most ${steady.peak}: ${(steady.peak / rate).toFixed(1)} s, of which 5 s are the grace`,
  );
  out('| process | cores | CPU µs a request | MiB |');
  out('|---|---|---|---|');
  for (const name of names) {
    const pid = pids.get(name) as number;
    const cpu = sum(pid, cpuSeconds) - (before.get(name) ?? 0);
    out(
      `| ${name} | ${(cpu / steady.seconds).toFixed(3)} | ${((cpu / steadyRequests) * 1e6).toFixed(1)} | ${sum(pid, residentMiB)} |`,
    );
  }
  const burst = await feed(4 * rate, 5);
  const ended = performance.now();
  out(
    `burst: ${Math.round((20 * rate) / burst.seconds)}/s for ${burst.seconds.toFixed(1)} s, not yet counted at most ${burst.peak}`,
  );
  while ((await counted()) < sent) {
    if (performance.now() - ended > 120_000) throw new Error(`${await counted()} of ${sent} counted`);
    await sleep(200);
  }
  out(
    `all ${sent} counted exactly ${((performance.now() - ended) / 1_000).toFixed(1)} s after the burst, of which 5 to 6 s are the grace`,
  );
} finally {
  await d.close();
  await kafka.release();
}
