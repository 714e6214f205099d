/**
 * Question: what does a day of sequences cost the scorer and ClickHouse together, by number of requests?
 * Input: seeded requests (scorer-traffic.ts) spread over 24 hours, as Avro records, in the partitions of their last operations.
 * The clock runs with them, so hours and epochs close as on a real day. Counts are checked against the number of requests.
 * Peer, in the same server and run: ClickHouse alone (scorer-peer.ts), which counts all sequences each time it is asked.
 * It is not: reading from Kafka, nor the writes of each second of a live day: those rest by their own length (README of the scorer).
 * Usage: node src/scorer-day.bench.ts [--requests 1000000] [--partitions 4] [--noise 0.03] [--hot 0] [--operations 60] [--no-peer]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SequenceObserved } from '@precede/contracts';
import { connectTo, openFeed, serverMeter, settled, startServer } from './scorer-feed.ts';
import { askPeer, createPeer, PeerSessions } from './scorer-peer.ts';
import { makeTraffic, trafficZone } from './scorer-traffic.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    partitions: { type: 'string', default: '4' },
    noise: { type: 'string', default: '0.03' },
    hot: { type: 'string', default: '0' },
    operations: { type: 'string', default: '60' },
    'no-peer': { type: 'boolean', default: false },
  },
});
const requests = Number(values.requests);
const partitions = Number(values.partitions);
const out = (line: string): boolean => process.stdout.write(`${line}\n`);
const hourMs = 3_600_000;
const firstMs = Date.UTC(2026, 2, 1);
const perMillion = 1e6 / requests;

const traffic = () =>
  makeTraffic({
    requests,
    operations: Number(values.operations),
    journeys: 8,
    noise: Number(values.noise),
    seed: 42,
    hotShare: Number(values.hot),
    spanMs: 24 * hourMs - 1,
    firstMs,
  });

function* chunks(): Generator<SequenceObserved[]> {
  let chunk: SequenceObserved[] = [];
  for (const event of traffic()) {
    chunk.push(event);
    if (chunk.length < 20_000) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

type Registry = Awaited<ReturnType<typeof openFeed>>['registry'];

/** All values of a metric added up, or those of one part of a histogram. */
const metricOf = async (registry: Registry, name: string, part?: 'sum' | 'count'): Promise<number> => {
  const all = await registry.getMetricsAsJSON();
  const values: { value: number; metricName?: string }[] =
    all.find((each) => each.name === name)?.values ?? [];
  const wanted = part === undefined ? values : values.filter((each) => each.metricName === `${name}_${part}`);
  return wanted.reduce((sum, each) => sum + each.value, 0);
};

const dir = mkdtempSync(join(tmpdir(), 'precede-bench-day-'));
const server = await startServer(join(dir, 'clickhouse'));
try {
  const clickhouse = await connectTo(server, 'day');
  const meter = await serverMeter(server);
  // The first round of scoring is at the start, the next one a minute later: within the run there is none.
  const feed = await openFeed(clickhouse, {
    dir: join(dir, 'log'),
    partitions,
    clock: firstMs,
    config: { PRECEDE_SCORER_RANK_INTERVAL: 3_600_000 },
  });
  let heldBytes = 0;
  for (const chunk of chunks()) {
    feed.clock = chunk.at(-1)?.timeMs ?? feed.clock;
    await feed.give(chunk);
    heldBytes = Math.max(heldBytes, await metricOf(feed.registry, 'precede_scorer_held_bytes'));
  }
  const flushes = await metricOf(feed.registry, 'precede_scorer_flush_seconds', 'count');
  await feed.close();
  await settled(clickhouse);
  const serverCpu = meter();

  const [counted] = await clickhouse.query<{ n: number }>(
    'SELECT sum(n) AS n FROM (SELECT maxMap(c.positions)[1] AS n FROM count_progress AS c WHERE hour != 0 GROUP BY zone_id, hour, partition, epoch)',
  );
  if (counted?.n !== requests) throw new Error(`counted ${counted?.n} of ${requests} requests`);
  const stored = await clickhouse.query<{ table: string; bytes: number; rows: number }>(
    "SELECT table, sum(bytes_on_disk) AS bytes, sum(rows) AS rows FROM system.parts WHERE active AND database = 'day' AND table = 'sequence_counts' GROUP BY table",
  );
  const bytes = stored.reduce((sum, each) => sum + each.bytes, 0);
  const rows = stored.reduce((sum, each) => sum + each.rows, 0);

  out(
    `${requests} requests over 24 hours, ${partitions} partitions, noise ${values.noise}, hot ${values.hot}`,
  );
  out(
    `counting and writing  scorer ${(feed.cpu * perMillion).toFixed(2)} + ClickHouse ${(serverCpu * perMillion).toFixed(2)} = ${((feed.cpu + serverCpu) * perMillion).toFixed(2)} CPU-s per 1M`,
  );
  out(
    `stored                ${((bytes * perMillion) / 2 ** 20).toFixed(1)} MiB and ${Math.round(rows * perMillion)} rows per 1M; ${flushes} writes`,
  );
  out(`open epochs           ${(heldBytes / 2 ** 20).toFixed(1)} MiB at most`);

  // A scorer that starts has the whole window to read; then traffic brings one hour anew.
  const ranking = await openFeed(clickhouse, {
    dir: join(dir, 'ranking'),
    partitions,
    clock: firstMs + 24 * hourMs - 1,
    config: { PRECEDE_SCORER_RANK_INTERVAL: 100 },
  });
  const untilRanked = async (count: number): Promise<{ sum: number; count: number }> => {
    for (;;) {
      const name = 'precede_scorer_rank_seconds';
      const found = {
        count: await metricOf(ranking.registry, name, 'count'),
        sum: await metricOf(ranking.registry, name, 'sum'),
      };
      if (found.count >= count) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const first = await untilRanked(1);
  const again: number[] = [];
  let before = first;
  for (let i = 0; i < 3; i += 1) {
    await clickhouse.insert(
      'count_progress',
      ['zone_id', 'hour', 'partition', 'epoch', 'position'],
      [[trafficZone, (firstMs + 23 * hourMs) / 1000, 0, 0, i + 1]],
    );
    await clickhouse.insert(
      'count_progress',
      ['zone_id', 'hour', 'partition', 'position'],
      [[trafficZone, 0, 0, 1e12 + i]],
    );
    const after = await untilRanked(before.count + 1);
    again.push(after.sum - before.sum);
    before = after;
  }
  const zoneBytes = await metricOf(ranking.registry, 'precede_scorer_zone_bytes');
  await ranking.close();
  out(
    `scoring               first ${first.sum.toFixed(2)} s (25 hours read), then ${again.map((s) => s.toFixed(2)).join(', ')} s; window ${(zoneBytes / 2 ** 20).toFixed(0)} MiB`,
  );

  const times: number[] = [];
  const [listed] = await clickhouse.query<{ n: number }>('SELECT count() AS n FROM precedence_scores');
  for (let i = 0; i < 7; i += 1) {
    const begin = performance.now();
    await clickhouse.query(
      `SELECT operations, score, low, high, support, sessions FROM sequence_scores WHERE zone_id = {zone:String} AND (computed_at, generation) = (SELECT computed_at, generation FROM newest_snapshots WHERE zone_id = {zone:String}) AND kind = 'precedence' AND is_listed ORDER BY score DESC, support DESC LIMIT 100`,
      { zone: trafficZone },
    );
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  out(`top 100               ${times[3]?.toFixed(1)} ms (of ${listed?.n} listed)`);

  if (!values['no-peer']) {
    await createPeer(clickhouse);
    const peerMeter = await serverMeter(server);
    const sessions = new PeerSessions(clickhouse);
    for (const chunk of chunks()) await sessions.add(chunk);
    await sessions.end();
    await settled(clickhouse);
    const storing = peerMeter();
    const askMeter = await serverMeter(server);
    const begin = performance.now();
    const [best] = await askPeer(clickhouse);
    const asked = { seconds: (performance.now() - begin) / 1000, cpu: askMeter() };
    const [same] = await clickhouse.query<{ support: number }>(
      "SELECT occurrences AS support FROM sequence_counts_24h WHERE form = 'collapsed' AND operations = {operations:Array(UInt32)}",
      { operations: best?.sequence ?? [] },
    );
    if (best === undefined || same?.support !== best.support)
      throw new Error(`the peer counts ${best?.support} of ${best?.sequence}, not ${same?.support}`);
    const [peerBytes] = await clickhouse.query<{ bytes: number }>(
      "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table = 'peer_sessions'",
    );
    out(
      `peer, ClickHouse alone: storing ${(storing * perMillion).toFixed(2)} CPU-s per 1M, ${(((peerBytes?.bytes ?? 0) * perMillion) / 2 ** 20).toFixed(1)} MiB per 1M; the list ${asked.seconds.toFixed(1)} s, ${asked.cpu.toFixed(1)} CPU-s each time`,
    );
  }
  await clickhouse.close();
} finally {
  await server.close();
  rmSync(dir, { recursive: true });
}
