/** Which questions a run asks, and that their answers are right: each throws at the first wrong one. */
import { type Question, rateLimit } from './enforcer-peers-dialects.ts';
import type { Draw, Sessions } from './enforcer-peers-model.ts';
import { ends, operationCount } from './enforcer-peers-zone.ts';

export interface Asking {
  /** Null: the lane has asked all. */
  next(lane: number): Question | null;
  answered(lane: number, isDenied: boolean): void;
}

const nothing: readonly number[] = Object.freeze([]);

const expect = (isDenied: boolean, isRight: boolean, what: string): void => {
  if (isDenied !== isRight)
    throw new Error(`${what} was ${isDenied ? 'denied' : 'allowed'} and must not have been`);
};

/** Of a server whose answer is always the same. */
export const askConstant = (sessions: number, random: () => number): Asking => ({
  next: () => ({
    session: Math.floor(random() * sessions),
    operation: Math.floor(random() * operationCount),
    lookback: nothing,
  }),
  answered: (_lane, isDenied) => expect(isDenied, false, 'a request at the floor'),
});

export const askSessions = (sessions: Sessions, lanes: number, random: () => number): Asking => {
  const asked: Draw[] = [];
  return {
    next: (lane) => {
      const nowMs = Date.now();
      const draw = sessions.draw(lane, lanes, random, nowMs);
      asked[lane] = draw;
      return { ...draw, lookback: sessions.lookback(draw.session, nowMs) };
    },
    answered: (lane, isDenied) => {
      const draw = asked[lane] as Draw;
      expect(isDenied, draw.isDenied, `operation ${draw.operation} of session ${draw.session}`);
      if (!isDenied) sessions.admit(draw.session, draw.operation, Date.now());
    },
  };
};

/** Which sessions make up to how many requests. */
export interface Fill {
  readonly from: number;
  readonly to: number;
  readonly most: number;
}

/** Each session makes 1 to `most` requests that no rule is about, one session after the other. */
export const fillSessions = (
  sessions: Sessions,
  lanes: number,
  random: () => number,
  { from, to, most }: Fill,
): Asking => {
  const operations = Array.from({ length: operationCount }, (_, n) => n).filter((each) => !ends.has(each));
  const session = Int32Array.from({ length: lanes }, (_, lane) => from + lane - lanes);
  const left = new Int32Array(lanes);
  const asked = new Int32Array(lanes);
  return {
    next: (lane) => {
      if (left[lane] === 0) {
        session[lane] = (session[lane] ?? 0) + lanes;
        left[lane] = 1 + Math.floor(random() * most);
      }
      if ((session[lane] ?? 0) >= to) return null;
      left[lane] = (left[lane] ?? 0) - 1;
      asked[lane] = operations[Math.floor(random() * operations.length)] ?? 0;
      return { session: session[lane] ?? 0, operation: asked[lane] ?? 0, lookback: nothing };
    },
    answered: (lane, isDenied) => {
      expect(isDenied, false, `a request without rules of session ${session[lane]}`);
      sessions.admit(session[lane] ?? 0, asked[lane] ?? 0, Date.now());
    },
  };
};

/** One request in twenty comes from a few sessions, which are over their limit soon. */
const hotShare = 0.05;
const hotPerLane = 2;

export const askRates = (counts: Uint8Array, lanes: number, random: () => number): Asking => {
  const perLane = Math.floor(counts.length / lanes);
  const asked = new Int32Array(lanes);
  return {
    next: (lane) => {
      const drawn = Math.floor(random() * (random() < hotShare ? hotPerLane : perLane));
      asked[lane] = lane + lanes * drawn;
      return { session: asked[lane] ?? 0, operation: 0, lookback: nothing };
    },
    answered: (lane, isDenied) => {
      const session = asked[lane] ?? 0;
      const count = (counts[session] ?? 0) + 1;
      expect(isDenied, count > rateLimit, `request ${count} of session ${session}`);
      counts[session] = Math.min(count, 255);
    },
  };
};
