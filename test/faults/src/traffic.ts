/**
 * A seeded stream of what ingest could have written, with everything that makes windows hard: bursts, disorder, ties,
 * repeats, late requests, clocks that run ahead, silent partitions, imports that come and end, records nobody can read.
 *
 * | what | how much |
 * |---|---|
 * | zones | 10, one with a gap of 1 min and a grace of 1 s, one with 20 min and 30 s |
 * | sources | in each zone live traffic and two imports; one that has ended is followed by the next |
 * | out of order within the grace | 5 % |
 * | the time of the request before | 10 % |
 * | an event id that was sent before | 2 % |
 * | older than the grace, up to 2 h | 0.5 % |
 * | 30 s to 5 min ahead of its source | 0.03 % |
 * | bursts of one session within milliseconds | 20 to 120 requests, sometimes 1,300 |
 * | after the end of their import | 1 in 10,000 |
 * | unreadable | 1 in 5,000 |
 */
import {
  LIVE,
  type RequestEvent,
  type RequestObserved,
  type SessionId,
  type ShortId,
  type SourceId,
  sessionKey,
  type ZoneId,
  zoneDefaults,
} from '@precede/contracts';
import { partitionOf } from '@precede/log';
import { createRandom, type Random } from './random.ts';

export interface Zone {
  readonly zoneId: ZoneId;
  readonly gapMs: number;
  readonly graceMs: number;
}

const settingsOf = (i: number): Omit<Zone, 'zoneId'> => {
  if (i === 8) return { gapMs: 60_000, graceMs: 1_000 };
  if (i === 9) return { gapMs: 1_200_000, graceMs: 30_000 };
  return { gapMs: zoneDefaults.inactivityGapMs, graceMs: zoneDefaults.graceMs };
};

export const zones: readonly Zone[] = Array.from({ length: 10 }, (_, i) => ({
  zoneId: `a${i}`.repeat(16) as ZoneId,
  ...settingsOf(i),
}));

/** A record of requests.v1: an event, or bytes that are none. */
export type Sent = RequestEvent | { readonly kind: 'unreadable'; readonly partition: number };

export interface TrafficOptions {
  readonly seed: number;
  readonly partitions: number;
}

interface Session {
  readonly sessionId: SessionId;
  readonly partition: number;
}

interface Lane {
  readonly zone: Zone;
  readonly source: SourceId;
  /** Event time of the newest request that came in order. */
  timeMs: number;
  /** Requests until it ends; live traffic never does. */
  left: number;
  readonly active: Session[];
  readonly former: Session[];
  /** The newest requests with an event id. */
  readonly recent: RequestObserved[];
  burst: { session: Session; left: number } | undefined;
  sent: number;
}

const startMs = 1_700_000_000_000;
const activeSessions = 40;
const importsAtOnce = 2;
const idleStretch = 15_000;

export class Traffic {
  readonly #random: Random;
  readonly #partitions: number;
  readonly #lanes: Lane[] = [];
  readonly #ended: Lane[] = [];
  #lane: Lane;
  #imports = 0;
  #idle: ReadonlySet<number> = new Set();
  #count = 0;

  constructor(options: TrafficOptions) {
    this.#random = createRandom(options.seed);
    this.#partitions = options.partitions;
    for (const zone of zones) {
      this.#lanes.push(this.#open(zone, LIVE, Number.POSITIVE_INFINITY));
      for (let i = 0; i < importsAtOnce; i++) this.#lanes.push(this.#openImport(zone));
    }
    this.#lane = this.#random.pick(this.#lanes);
  }

  next(): Sent {
    const random = this.#random;
    if (this.#count++ % idleStretch === 0) this.#idle = this.#drawIdle();
    if (random.chance(1 / 5_000)) return { kind: 'unreadable', partition: random.below(this.#partitions) };
    const [straggler] = this.#ended;
    if (straggler !== undefined && random.chance(1 / 10_000)) return this.#straggle(straggler);
    if (random.chance(0.02)) this.#lane = random.pick(this.#lanes);
    const lane = this.#lane;
    if (lane.left-- <= 0) return this.#end(lane);
    return this.#request(lane);
  }

  /** The ends of all imports still open. */
  *finish(): Generator<Sent> {
    for (const lane of this.#lanes) if (lane.source !== LIVE) yield endOf(lane);
  }

  #request(lane: Lane): RequestObserved {
    const random = this.#random;
    if (lane.recent.length > 0 && random.chance(0.02)) return random.pick(lane.recent);
    const session = this.#session(lane);
    lane.timeMs += this.#step(lane);
    const request: RequestObserved = {
      kind: 'request',
      zoneId: lane.zone.zoneId,
      sessionId: session.sessionId,
      operation: operations[random.below(random.below(operations.length) + 1)] as ShortId,
      timeMs: lane.timeMs + this.#skew(lane),
      source: lane.source,
      status: 200,
      durationMs: random.below(300),
      bytes: null,
      eventId: random.chance(0.7) ? `${lane.source}:${lane.sent}` : null,
    };
    lane.sent++;
    if (request.eventId !== null) {
      lane.recent.push(request);
      if (lane.recent.length > 300) lane.recent.shift();
    }
    return request;
  }

  #step(lane: Lane): number {
    const random = this.#random;
    if (lane.burst !== undefined) return random.below(4);
    if (random.chance(0.1)) return 0;
    if (random.chance(1 / 3_000)) return Math.floor(lane.zone.gapMs * (0.5 + random.next()));
    return Math.ceil(-800 * Math.log(1 - random.next()));
  }

  #skew({ zone }: Lane): number {
    const random = this.#random;
    const drawn = random.next();
    if (drawn < 0.05) return -random.below(zone.graceMs);
    if (drawn < 0.055) return -zone.graceMs - random.below(7_200_000);
    if (drawn < 0.0553) return 30_000 + random.below(270_000);
    return 0;
  }

  #session(lane: Lane): Session {
    const random = this.#random;
    const { burst } = lane;
    if (burst !== undefined) {
      if (--burst.left <= 0) lane.burst = undefined;
      return burst.session;
    }
    const at = random.below(activeSessions);
    const drawn = lane.active[at];
    if (drawn === undefined || this.#idle.has(drawn.partition) || random.chance(0.12)) {
      if (drawn !== undefined) lane.former.push(drawn);
      lane.active[at] = this.#arrive(lane);
    }
    const session = lane.active[at] as Session;
    if (random.chance(1 / 600)) lane.burst = { session, left: this.#burstLength() };
    return session;
  }

  #burstLength(): number {
    return this.#random.chance(0.03) ? 1_300 : 20 + this.#random.below(100);
  }

  /** Often one that was here before, in its window or after it. */
  #arrive(lane: Lane): Session {
    const random = this.#random;
    if (lane.former.length > 400) lane.former.splice(0, 200);
    for (let i = 0; i < 8; i++) {
      const session =
        lane.former.length > 0 && random.chance(0.55)
          ? random.pick(lane.former)
          : this.#draw(lane.zone.zoneId);
      if (!this.#idle.has(session.partition)) return session;
    }
    return this.#draw(lane.zone.zoneId);
  }

  #draw(zoneId: ZoneId): Session {
    const sessionId = this.#random.hex(32) as SessionId;
    return { sessionId, partition: partitionOf(sessionKey(zoneId, sessionId), this.#partitions) };
  }

  #drawIdle(): ReadonlySet<number> {
    const random = this.#random;
    const count = random.below(Math.ceil(this.#partitions / 2));
    return new Set(Array.from({ length: count }, () => random.below(this.#partitions)));
  }

  #open(zone: Zone, source: SourceId, left: number): Lane {
    const timeMs = startMs - (source === LIVE ? 0 : this.#random.below(30 * 86_400_000));
    return { zone, source, timeMs, left, active: [], former: [], recent: [], burst: undefined, sent: 0 };
  }

  #openImport(zone: Zone): Lane {
    return this.#open(zone, `import-${this.#imports++}` as SourceId, 500 + this.#random.below(6_000));
  }

  /** The next import takes its place; one in three ends twice. */
  #end(lane: Lane): RequestEvent {
    const next = this.#openImport(lane.zone);
    this.#lanes[this.#lanes.indexOf(lane)] = next;
    this.#lane = next;
    this.#ended.unshift(lane);
    this.#ended.length = Math.min(this.#ended.length, 20);
    return endOf(lane);
  }

  #straggle(lane: Lane): RequestEvent {
    return this.#random.chance(0.3) ? endOf(lane) : this.#request(lane);
  }
}

const operations = Array.from({ length: 14 }, (_, i) => ((i * 305_419_897 + 12) >>> 0) as ShortId);

const endOf = ({ zone, source }: Lane): RequestEvent => ({
  kind: 'source_ended',
  zoneId: zone.zoneId,
  source,
});
