/**
 * Question: how long does a sessionizer take to get its windows back after a kill -9, and what memory has an open one?
 * Input: seeded; SESSIONS open sessions (1,000,000 unless told) of three requests each with event ids, on 12
 * partitions; written to requests.v1, taken in by a real sessionizer process, which is then killed. The second one
 * must show the same number of open windows before the figure counts. Floor: reading the changelog's records and
 * doing nothing with them. It is not: a hand-over between members, where each restores its share only.
 * Usage: tools/kafka/with-kafka.sh node bench/src/sessionizer-restore.bench.ts [--sessions 1000000]
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  requestToAvro,
  type SessionId,
  type ShortId,
  type SourceId,
  sessionKey,
  Topic,
  topicSpecs,
  type ZoneId,
} from '@precede/contracts';
import { openKafkaLog } from '@precede/log';
import { acquireKafka, eventually, freePort, start } from '@precede/testkit';
import { seeded } from '@precede/testkit/seeded';
import { cpuSeconds } from './cpu.ts';

const { values } = parseArgs({ options: { sessions: { type: 'string', default: '1000000' } } });
const sessions = Number(values.sessions);
const requestsEach = 3;
const partitions = 12;
const port = await freePort();
const zoneId = 'f'.repeat(32) as ZoneId;
const startMs = Date.now() - 60_000;
const out = (line: string): boolean => process.stdout.write(`${line}\n`);

const kafka = await acquireKafka();
if ('skip' in kafka) throw new Error(kafka.skip);
const prefix = `bench-${randomBytes(4).toString('hex')}.`;
const log = await openKafkaLog({
  brokers: kafka.brokers,
  registryUrl: kafka.registryUrl,
  clientId: 'bench',
  topicPrefix: prefix,
  partitions,
  replicationFactor: 1,
});

const produceAll = async (): Promise<void> => {
  const draw = seeded(7);
  const producer = await log.producer({ maxBufferedBytes: 256 * 1024 * 1024, sendTimeoutMs: 120_000 });
  const slice = 5_000;
  for (let round = 0; round < requestsEach; round += 1)
    for (let at = 0; at < sessions; at += slice) {
      const records = Array.from({ length: Math.min(slice, sessions - at) }, (_, i) => {
        const sessionId = (at + i).toString(16).padStart(32, '0') as SessionId;
        const value = requestToAvro({
          kind: 'request',
          zoneId,
          sessionId,
          operation: Math.floor(draw() * 60) as ShortId,
          timeMs: startMs + round * 10_000 + Math.floor((at / sessions) * 9_000),
          // An import never follows the clock, so every window stays open.
          source: 'import-1' as SourceId,
          status: 200,
          durationMs: null,
          bytes: null,
          eventId: `import-1:${round * sessions + at + i}`,
        });
        return {
          topic: Topic.requests,
          key: sessionKey(zoneId, sessionId),
          value: log.codec.encode(Topic.requests, value),
        };
      });
      await producer.send(records);
    }
  await producer.close();
};

const sessionizer = () =>
  start('services/sessionizer/src/main.ts', [], {
    PRECEDE_KAFKA_BROKERS: kafka.brokers.join(','),
    PRECEDE_SCHEMA_REGISTRY_URL: kafka.registryUrl,
    PRECEDE_KAFKA_TOPIC_PREFIX: prefix,
    PRECEDE_KAFKA_PARTITIONS: String(partitions),
    PRECEDE_KAFKA_REPLICATION_FACTOR: '1',
    PRECEDE_SESSIONIZER_HOST: '127.0.0.1',
    PRECEDE_SESSIONIZER_PORT: String(port),
  });

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? Number.NaN);
};

const isReady = async (): Promise<true | undefined> =>
  (await fetch(`http://127.0.0.1:${port}/readyz`)).ok || undefined;

const rssMiB = (pid: number, field: string): number =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

try {
  await log.ensureTopics(topicSpecs);
  const first = sessionizer();
  await eventually('the first ready', isReady);
  const emptyMiB = rssMiB(first.pid, 'VmRSS');
  await produceAll();
  const total = sessions * requestsEach;
  await eventually(
    'everything taken',
    async () => (await metric('precede_sessionizer_requests_total')) >= total || undefined,
    1_200_000,
  );
  await eventually('all committed', async () => {
    const ends = await log.endOffsets(Topic.requests);
    const done = await log.committedOffsets('precede.sessionizer', Topic.requests);
    return ends.every((end, i) => end === 0 || done[i] === end) || undefined;
  });
  const open = await metric('precede_sessionizer_open_windows');
  out(
    `${open} open windows of ${sessions} sessions, ${requestsEach} requests each, on ${partitions} partitions`,
  );
  first.kill('SIGKILL');
  await first.exited;

  // A member that was killed holds its place for the session timeout: waited out, so as to time the restore alone.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  const floorStart = performance.now();
  let bytes = 0;
  let records = 0;
  const tail = await log.tail({
    topic: Topic.changelog,
    onRecords: (batch) => {
      records += batch.length;
      for (const { value } of batch) bytes += value?.length ?? 0;
    },
  });
  await tail.caughtUp;
  const floorSeconds = (performance.now() - floorStart) / 1000;
  await tail.close();

  const second = sessionizer();
  const startedMs = performance.now();
  await eventually('the second ready', isReady, 600_000);
  const readySeconds = (performance.now() - startedMs) / 1000;
  const restored = await metric('precede_sessionizer_open_windows');
  if (restored !== open) throw new Error(`${restored} windows came back, not ${open}`);
  const seconds = await metric('precede_sessionizer_restore_seconds_sum');
  const rss = rssMiB(second.pid, 'VmRSS');
  out(
    `changelog ${records} records, ${(bytes / 2 ** 20).toFixed(0)} MiB; read alone in ${floorSeconds.toFixed(1)} s`,
  );
  out(
    `ready ${readySeconds.toFixed(1)} s after the start (${(readySeconds / floorSeconds).toFixed(1)} × reading alone), CPU ${cpuSeconds(second.pid).toFixed(1)} s, partitions' restores summed ${seconds.toFixed(1)} s`,
  );
  out(
    `memory ${rss.toFixed(0)} MiB (empty ${emptyMiB.toFixed(0)}, peak ${rssMiB(second.pid, 'VmHWM').toFixed(0)}): ${(((rss - emptyMiB) * 2 ** 20) / open).toFixed(0)} bytes an open session; estimated by the gauge ${((await metric('precede_sessionizer_state_bytes')) / open).toFixed(0)}`,
  );
  second.kill('SIGKILL');
  await second.exited;
} finally {
  await log.close();
  await kafka.release();
}
