/**
 * The decision on one request: history → redirect → custom rules → rate limits → sequence mitigation → header changes →
 * admission (docs/semantics.md, Order of a decision). Waits only for stores that are asked over the network; in memory it
 * answers at once.
 */
import { andThen, type Soon } from '@precede/service';
import type { Outcome } from './outcome.ts';
import type { RateCounter, SessionStore } from './ports.ts';
import type { Question } from './question.ts';
import { Round } from './round.ts';

export interface DecideStores {
  /** By session, or the cookie store. */
  readonly sessions: SessionStore;
  /** Whether `sessions` keeps what it knows by session identifier. */
  readonly keepsBySession: boolean;
  readonly cookies: SessionStore;
  readonly rates: RateCounter;
}

/** Decides on one snapshot and enters an admitted request before the answer, so that the next one of the session sees it. */
export const decide = (stores: DecideStores, question: Question): Soon<Outcome> =>
  andThen(remember(stores, question), () => {
    const round = new Round(question, stores.rates);
    return andThen(round.run(), (outcome) => admit(stores, question, outcome));
  });

/** Over TLS alone: one that came in the clear may be anybody's, and could not be set anew. */
const hasCookie = ({ table, request }: Question): boolean =>
  table.settings.hasSequenceCookies && request.scheme === 'https';
const isKept = ({ keepsBySession }: DecideStores, { sessionId }: Question): boolean =>
  keepsBySession && sessionId !== null;

/** Lookback and history of the session; by the cookie alone where nothing is kept by session. */
const remember = (stores: DecideStores, question: Question): Soon<void> => {
  if (isKept(stores, question))
    return andThen(stores.sessions.read(question.client, question.timeMs), (state) => {
      question.lookback = state;
      question.history = state;
    });
  if (!hasCookie(question)) return undefined;
  return andThen(stores.cookies.read(question.client, question.timeMs), (state) => {
    question.history = state;
    // Sequence mitigation is about sessions that the zone can name.
    if (!stores.keepsBySession && question.sessionId !== null) question.lookback = state;
  });
};

const admit = (stores: DecideStores, question: Question, outcome: Outcome): Soon<Outcome> => {
  const { operation, client, timeMs } = question;
  if (outcome.kind === 'block' || operation === undefined) return outcome;
  const kept = isKept(stores, question)
    ? stores.sessions.admit(client, operation.shortId, timeMs)
    : undefined;
  return andThen(kept, () => {
    if (!hasCookie(question)) return outcome;
    return andThen(stores.cookies.admit(client, operation.shortId, timeMs), () => outcome);
  });
};
