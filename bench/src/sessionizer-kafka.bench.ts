/**
 * Question: what does a session window cost here and on Kafka Streams (Processor API, exactly once), on one broker, from the
 * same records? Input: sessionizer-kafka-input.ts, in requests.v1, read by both; all closed sessions are checked to be
 * those of a plain sort. It is not: the broker's cost, many machines, or a restore.
 * Usage, under tools/kafka/with-kafka.sh: node bench/src/sessionizer-kafka.bench.ts [--events 1000000] [--rounds 3]
 *   [--latency-seconds 20] [--only like,rocksdb] [--node-args '--cpu-prof']
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { sessionFromAvro, Topic, topicSpecs } from '@precede/contracts';
import { type EventLog, openKafkaLog } from '@precede/log';
import { acquireKafka } from '@precede/testkit';
import { cpuSeconds } from './cpu.ts';
import {
  buildPeer,
  Client,
  isOurs,
  launch,
  peakMiB,
  type Running,
  type Setting,
} from './sessionizer-kafka-clients.ts';
import {
  digestOf,
  expectedOf,
  lineOf,
  load,
  makeStream,
  partitions,
  source,
  zoneId,
} from './sessionizer-kafka-input.ts';
import {
  configureZone,
  type Latency,
  latencyGapMs,
  latencyGraceMs,
  measureLatency,
} from './sessionizer-kafka-latency.ts';

const gapMs = 600_000;
const graceMs = 5_000;

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    'latency-seconds': { type: 'string', default: '20' },
    only: { type: 'string', default: Object.keys(Client).join() },
    'node-args': { type: 'string', default: '' },
  },
});
const events = Number(values.events);
const rounds = Number(values.rounds);
const latencySeconds = Number(values['latency-seconds']);
const clients = values.only.split(',').map((name) => Client[name as keyof typeof Client]);
/** For a profile (`--cpu-prof`), or to try what a flag of V8 does. */
const nodeArgs = values['node-args'].split(' ').filter((arg) => arg !== '');
const out = (line: string): boolean => process.stdout.write(`${line}\n`);

const kafka = await acquireKafka();
if ('skip' in kafka) throw new Error(`no Kafka: ${kafka.skip}`);
const { brokers, registryUrl } = kafka;
let prefixes = 0;

/** A place of its own on the broker, with topics and schemas. */
const openPlace = async (): Promise<{ prefix: string; log: EventLog }> => {
  const prefix = `bench${process.pid}-${prefixes++}.`;
  const options = { brokers: [...brokers], clientId: 'bench', registryUrl, partitions, replicationFactor: 1 };
  const log = await openKafkaLog({ ...options, topicPrefix: prefix });
  await log.ensureTopics(topicSpecs);
  return { prefix, log };
};

/** Confluent's framing has it behind the first byte. */
const schemaIdOf = (log: EventLog): number =>
  log.codec
    .encode(Topic.sessions, {
      zone: Buffer.from(zoneId, 'hex'),
      session: Buffer.from(zoneId, 'hex'),
      source,
      first: 0,
      last: 0,
      length: 0,
      operations: [],
      times: [],
      cut: 0,
      ended: 'gap',
    })
    .readInt32BE(1);

type Place = Awaited<ReturnType<typeof openPlace>>;

const settingOf = (from: Place, to: Place): Setting => ({
  brokers: brokers.join(),
  registryUrl,
  inPrefix: from.prefix,
  outPrefix: to.prefix,
  gapMs,
  graceMs,
  schemaId: schemaIdOf(to.log),
  nodeArgs,
});

const untilDrained = async (log: EventLog, running: Running): Promise<void> => {
  const ends = await log.endOffsets(Topic.requests);
  const deadlineMs = performance.now() + 300_000;
  for (;;) {
    running.check();
    const done = await log.committedOffsets(running.group, Topic.requests);
    if (ends.every((end, partition) => done[partition] === end)) return;
    if (performance.now() > deadlineMs) throw new Error(`not drained: ${done.join()} of ${ends.join()}`);
    await sleep(50);
  }
};

const readSessions = async (log: EventLog): Promise<string> => {
  const lines: string[] = [];
  const tail = await log.tail({
    topic: Topic.sessions,
    onRecords: async (records) => {
      await log.codec.prepare(
        Topic.sessions,
        records.map(({ value }) => value),
      );
      for (const { value } of records)
        if (value !== null) lines.push(lineOf(sessionFromAvro(log.codec.decode(Topic.sessions, value))));
    },
  });
  await tail.caughtUp;
  await tail.close();
  return digestOf(lines);
};

interface Measured {
  readonly perSecond: number;
  /** CPU seconds a million events, from the first record to the last commit. */
  readonly cpu: number;
  /** The same with the start of process and runtime. */
  readonly cpuWithStart: number;
  readonly peak: number;
}

const measure = async (client: Client, from: Place, expected: string): Promise<Measured> => {
  const to = isOurs(client) ? from : await openPlace();
  const running = launch(client, settingOf(from, to));
  let measured: Measured;
  try {
    const begun = await running.begun();
    await untilDrained(from.log, running);
    const cpu = cpuSeconds(running.pid);
    const seconds = (performance.now() - begun.atMs) / 1_000;
    const perMillion = 1_000_000 / events;
    measured = {
      perSecond: events / seconds,
      cpu: (cpu - begun.cpu) * perMillion,
      cpuWithStart: cpu * perMillion,
      peak: peakMiB(running.pid),
    };
    assert.equal(await readSessions(to.log), expected, client);
  } finally {
    await running.close();
  }
  if (to !== from) await to.log.close();
  out(
    `${client.padEnd(50)} ${measured.perSecond.toFixed(0).padStart(7)} events/s ${measured.cpu.toFixed(2).padStart(6)} CPU-s (${measured.cpuWithStart.toFixed(2)} with start) per 1M, peak ${measured.peak.toFixed(0)} MiB`,
  );
  return measured;
};

const measureLive = async (client: Client): Promise<Latency> => {
  const from = await openPlace();
  await configureZone(from.log);
  const to = isOurs(client) ? from : await openPlace();
  const setting = { ...settingOf(from, to), gapMs: latencyGapMs, graceMs: latencyGraceMs };
  const running: Running = launch(client, setting);
  try {
    await running.ready();
    return await measureLatency(from.log, to.log, running, latencySeconds);
  } finally {
    await running.close();
    await from.log.close();
    if (to !== from) await to.log.close();
  }
};

const median = (all: readonly number[]): number =>
  all.toSorted((a, b) => a - b)[all.length >> 1] ?? Number.NaN;

await buildPeer();
const stream = makeStream(events, 1);
const expected = expectedOf(stream, gapMs);
out(`${events} events, ${expected} expected; Node ${process.version}`);
const results = new Map<Client, Measured[]>(clients.map((client) => [client, []]));
for (let round = 0; round < rounds; round++) {
  // The peers may read one input one after the other; ours keeps what it writes beside what it reads.
  let shared: Place | undefined;
  for (let i = 0; i < clients.length; i++) {
    const client = clients[(i + round) % clients.length] as Client;
    const from: Place = shared !== undefined && !isOurs(client) ? shared : await openPlace();
    if (from !== shared) {
      const bytes = await load(from.log, stream);
      if (round === 0 && i === 0) out(`${(bytes / events).toFixed(0)} bytes of key and value an event`);
    }
    results.get(client)?.push(await measure(client, from, expected));
    if (isOurs(client)) await from.log.close();
    else shared = from;
  }
  await shared?.log.close();
}
const latencies = new Map<Client, Latency>();
if (latencySeconds > 0)
  for (const client of clients) {
    const latency = await measureLive(client);
    latencies.set(client, latency);
    out(
      `${client.padEnd(50)} ${latency.sessions} sessions, p50 ${latency.p50} ms, p99 ${latency.p99} ms, ${latency.cores.toFixed(2)} cores`,
    );
  }

out(
  '\n| | events/s | CPU-s per 1M | with start | peak MiB | p50 / p99 ms | cores at 2,000/s |\n|---|---|---|---|---|---|---|',
);
const of = (client: Client, what: keyof Measured): number =>
  median((results.get(client) ?? []).map((each) => each[what]));
for (const client of clients) {
  const latency = latencies.get(client);
  const live = latency === undefined ? '|' : `${latency.p50} / ${latency.p99} | ${latency.cores.toFixed(2)}`;
  out(
    `| ${client} | ${of(client, 'perSecond').toFixed(0)} | ${of(client, 'cpu').toFixed(2)} | ${of(client, 'cpuWithStart').toFixed(2)} | ${of(client, 'peak').toFixed(0)} | ${live} |`,
  );
}
const ratio = (a: Client, b: Client, what: keyof Measured): string => (of(a, what) / of(b, what)).toFixed(2);
for (const peer of clients.filter((client) => !isOurs(client)))
  for (const ours of clients.filter(isOurs))
    out(
      `${ours} / ${peer}: CPU ${ratio(ours, peer, 'cpu')}, with start ${ratio(ours, peer, 'cpuWithStart')}, memory ${ratio(ours, peer, 'peak')}`,
    );
await kafka.release();
