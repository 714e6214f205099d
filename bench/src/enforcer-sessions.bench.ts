/**
 * Question: how many bytes does a live session take in memory, and what does reading it and entering a request cost?
 * Input: 1,000,000 sessions of one zone, each admitted 12 times (full histories), then 2,000,000 seeded reads with an
 * admission behind each. Peer: a Map from zone and session to a plain lookback object, bounded by nothing.
 * The number is not: HTTP, or making the session's pseudonym. Bytes are all that the process grew by: resident memory, and
 * heap with array buffers after a collection.
 * Run: node --expose-gc bench/src/enforcer-sessions.bench.ts [sessions, default 1000000]
 */
import { fork } from 'node:child_process';
import type { SessionId, ShortId, ZoneId } from '@precede/contracts';
import { createEnforcerMetrics, MemorySessions } from '@precede/enforcer';
import { createLookback, type Lookback, push } from '@precede/rules';
import { createMetrics, systemClock } from '@precede/service';
import { seeded } from '@precede/testkit/seeded';

const zoneId = 'a'.repeat(32) as ZoneId;
const fill = 12;
const calls = 2_000_000;
const startMs = 1_790_000_000_000;

interface Store {
  read(session: SessionId): Lookback;
  admit(session: SessionId, operation: ShortId, timeMs: number): void;
}

const openSlab = (maxSessions: number): Store => {
  const metrics = createEnforcerMetrics(createMetrics(), systemClock);
  const store = new MemorySessions({ maxSessions, probationShare: 0.25, clock: systemClock, metrics });
  const clientOf = (sessionId: SessionId) => ({ zoneId, sessionId, cookie: null, setCookie: null });
  return {
    read: (session) => store.read(clientOf(session), startMs),
    admit: (session, operation, timeMs) => store.admit(clientOf(session), operation, timeMs),
  };
};

const openMap = (): Store => {
  const states = new Map<string, Lookback>();
  const empty = createLookback();
  return {
    read: (session) => states.get(zoneId + session) ?? empty,
    admit: (session, operation, timeMs) => {
      const key = zoneId + session;
      const state = states.get(key) ?? createLookback();
      if (state.raw.length === 0) states.set(key, state);
      push(state, operation, timeMs);
    },
  };
};

/** 32 hex digits, spread as those of a keyed hash; always the same for one number. Made when asked for, as with each request. */
const sessionOf = (n: number): SessionId => {
  let text = '';
  for (let word = 1; word <= 4; word += 1)
    text += ((Math.imul(n + word, 0x9e37_79b1) ^ Math.imul(n, 0x85eb_ca77 * word)) >>> 0)
      .toString(16)
      .padStart(8, '0');
  return text as SessionId;
};

const usedBytes = () => {
  for (let i = 0; i < 3; i += 1) globalThis.gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { resident: rss, live: heapUsed + arrayBuffers };
};

const measure = (kind: string, sessions: number): string => {
  const random = seeded(7);
  const asked = Array.from({ length: 65_536 }, () => sessionOf(Math.floor(random() * sessions)));
  const before = usedBytes();
  const store = kind === 'slab' ? openSlab(sessions) : openMap();
  for (let round = 0; round < fill; round += 1)
    for (let n = 0; n < sessions; n += 1) store.admit(sessionOf(n), (n + round) as ShortId, startMs + round);
  const after = usedBytes();
  let seen = 0;
  const begin = process.cpuUsage();
  for (let i = 0; i < calls; i += 1) {
    const session = asked[(i * 40_503) & 65_535] as SessionId;
    seen += store.read(session).raw.length;
    store.admit(session, i as ShortId, startMs + fill);
  }
  const { user, system } = process.cpuUsage(begin);
  if (seen !== calls * 10) throw new Error(`${kind}: ${seen} operations seen, not ${calls * 10}`);
  const each = (what: 'resident' | 'live'): string => ((after[what] - before[what]) / sessions).toFixed(0);
  const ns = (((user + system) * 1000) / calls).toFixed(0);
  return `${kind}: ${sessions} sessions, ${each('live')} bytes each (heap and buffers), ${each('resident')} resident, ${ns} ns CPU a read and admission`;
};

/** Each in a process of its own, in turn, so that none measures what the other left. */
const inChild = (kind: string, sessions: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, [String(sessions), kind], {
      execArgv: ['--expose-gc', '--max-old-space-size=8192'],
    });
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${kind} ended with ${code}`))));
  });

const sessions = Number(process.argv[2] ?? 1_000_000);
const kind = process.argv[3];
if (kind !== undefined) process.stdout.write(`${measure(kind, sessions)}\n`);
else for (const each of ['slab', 'map', 'slab', 'map']) await inChild(each, sessions);
