/**
 * How long after the request that makes a session due does its record reach a committed reader? 2,000 requests a second
 * for a while, times from the wall clock, sessions of 10 requests that close after 2 s. A session is due with the first
 * request of its partition whose time less the grace is more than the gap behind its last: the grace is in no figure.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { requestFromAvro, type SessionId, sessionFromAvro, Topic, zoneDefaults } from '@precede/contracts';
import { configRecordOf, type EventLog } from '@precede/log';
import { seeded } from '@precede/testkit/seeded';
import { cpuSeconds } from './cpu.ts';
import type { Running } from './sessionizer-kafka-clients.ts';
import { endRecords, requestRecord, zoneId } from './sessionizer-kafka-input.ts';

export const latencyGapMs = 2_000;
export const latencyGraceMs = 100;
const requestsPerSecond = 2_000;
const openSessions = 1_000;
const warmUpMs = 8_000;

export interface Latency {
  readonly sessions: number;
  readonly p50: number;
  readonly p99: number;
  /** Share of one core that the client used while it was measured. */
  readonly cores: number;
}

export const configureZone = async (log: EventLog): Promise<void> => {
  const settings = {
    name: 'bench',
    createdAtMs: 0,
    ...zoneDefaults,
    inactivityGapMs: latencyGapMs,
    graceMs: latencyGraceMs,
    retiredShortIds: [],
  };
  const record = { zoneId, kind: 'zone', id: zoneId, revision: 1, records: 1, settings } as const;
  const producer = await log.producer();
  await producer.send([configRecordOf(log.codec, record)]);
  await producer.close();
};

interface Seen {
  readonly partition: number;
  readonly sessionId: SessionId;
  readonly lastMs: number;
  readonly visibleMs: number;
}

/** `out` is where the client writes; the client is ready and its input empty. */
export const measureLatency = async (
  log: EventLog,
  out: EventLog,
  client: Running,
  seconds: number,
): Promise<Latency> => {
  const seen: Seen[] = [];
  const tail = await out.tail({
    topic: Topic.sessions,
    onRecords: async (records) => {
      const visibleMs = Date.now();
      await out.codec.prepare(
        Topic.sessions,
        records.map(({ value }) => value),
      );
      for (const { partition, value } of records) {
        if (value === null) continue;
        const { sessionId, lastMs, ended } = sessionFromAvro(out.codec.decode(Topic.sessions, value));
        if (ended === 'gap') seen.push({ partition, sessionId, lastMs, visibleMs });
      }
    },
  });
  const used = await sendLive(log, client, seconds);
  await sleep(2_000);
  await tail.close();
  const due = await dueTimes(log);
  const fromMs = used.fromMs - latencyGapMs;
  const waits = seen
    .filter(({ lastMs }) => lastMs >= fromMs && lastMs < used.toMs - latencyGapMs - 1_000)
    .map(({ partition, lastMs, visibleMs }) => visibleMs - due(partition, lastMs))
    .sort((a, b) => a - b);
  const at = (share: number): number => waits[Math.floor(waits.length * share)] ?? Number.NaN;
  return { sessions: waits.length, p50: at(0.5), p99: at(0.99), cores: used.cores };
};

const sendLive = async (
  log: EventLog,
  client: Running,
  seconds: number,
): Promise<{ fromMs: number; toMs: number; cores: number }> => {
  const draw = seeded(7);
  const producer = await log.producer();
  const open = Array.from({ length: openSessions }, (_, i) => i);
  let next = openSessions;
  let sent = 0;
  const begunMs = Date.now();
  const endMs = begunMs + warmUpMs + seconds * 1_000;
  let measured: { fromMs: number; cpu: number } | undefined;
  while (Date.now() < endMs) {
    const nowMs = Date.now();
    if (measured === undefined && nowMs >= begunMs + warmUpMs)
      measured = { fromMs: nowMs, cpu: cpuSeconds(client.pid) };
    const due = Math.floor(((nowMs - begunMs) * requestsPerSecond) / 1_000) - sent;
    if (due === 0) {
      await sleep(1);
      continue;
    }
    const records = Array.from({ length: due }, (_, i) => {
      const place = Math.floor(draw() * openSessions);
      const session = open[place] ?? 0;
      if (draw() < 0.1) open[place] = next++;
      return requestRecord(log, { session, operation: 1 + (session % 48), timeMs: nowMs, id: sent + i });
    });
    sent += due;
    await producer.send(records);
    await sleep(4);
  }
  const toMs = Date.now();
  const { fromMs, cpu } = measured ?? { fromMs: begunMs, cpu: 0 };
  const cores = (cpuSeconds(client.pid) - cpu) / ((toMs - fromMs) / 1_000);
  await producer.send(endRecords(log));
  await producer.close();
  return { fromMs, toMs, cores };
};

/** From the input as the broker stamped it: when a session of that partition and last request became due. */
const dueTimes = async (log: EventLog): Promise<(partition: number, lastMs: number) => number> => {
  const passed = new Map<number, { maxMs: number; appendMs: number }[]>();
  const tail = await log.tail({
    topic: Topic.requests,
    onRecords: async (records) => {
      await log.codec.prepare(
        Topic.requests,
        records.map(({ value }) => value),
      );
      for (const { partition, value, appendTimeMs } of records) {
        if (value === null) continue;
        const event = requestFromAvro(log.codec.decode(Topic.requests, value));
        if (event.kind !== 'request') continue;
        const own = passed.get(partition) ?? [];
        passed.set(partition, own);
        const maxMs = Math.max(own.at(-1)?.maxMs ?? 0, event.timeMs);
        own.push({ maxMs, appendMs: appendTimeMs });
      }
    },
  });
  await tail.caughtUp;
  await tail.close();
  return (partition, lastMs) => {
    const own = passed.get(partition) ?? [];
    const beyondMs = lastMs + latencyGapMs + latencyGraceMs;
    let from = 0;
    let to = own.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((own[middle]?.maxMs ?? 0) > beyondMs) to = middle;
      else from = middle + 1;
    }
    return own[from]?.appendMs ?? Number.NaN;
  };
};
