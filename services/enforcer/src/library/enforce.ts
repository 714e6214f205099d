/** What fastify and express have in common: one decision, and what becomes of the request. */
import { PrecedeError } from '@precede/contracts';
import type { Decision, DenyResponse } from '../decision.ts';
import type { GatewayRequest } from '../gateway-request.ts';
import type { InProcessEnforcer } from './in-process.ts';

export interface Ways {
  /** To the handler, with the header changes of the decision. */
  pass(decision: Decision): void;
  /** Answered in place of the handler. */
  refuse(response: DenyResponse, setCookie: string | null): void;
  /** A fault that nobody foresaw: the framework's error handler has it, the handler never. */
  fail(error: unknown): void;
}

/** Goes one of the ways, at once or later. `request` null: its target is ambiguous. */
export const enforce = (
  { decide }: Pick<InProcessEnforcer, 'decide'>,
  request: GatewayRequest | null,
  ways: Ways,
): void => {
  if (request === null) {
    ways.refuse(badTarget, null);
    return;
  }
  const onDecision = (decision: Decision): void => follow(decision, ways);
  const onError = (error: unknown): void => answerError(error, ways);
  const decided = tried(() => decide(request), onError);
  if (decided instanceof Promise) decided.then(onDecision, onError);
  else if (decided !== undefined) onDecision(decided);
};

/** Around the decision alone: what the handlers behind it throw is not ours. */
const tried = <T>(action: () => T, onError: (error: unknown) => void): T | undefined => {
  try {
    return action();
  } catch (error) {
    onError(error);
    return undefined;
  }
};

const follow = (decision: Decision, ways: Ways): void => {
  if (decision.response === null) ways.pass(decision);
  else ways.refuse(decision.response, decision.setCookie);
};

/** Ours mean that no decision could be made. There is no gateway whose setting could decide: the request is not served. */
const answerError = (error: unknown, ways: Ways): void =>
  error instanceof PrecedeError ? ways.refuse(unavailable, null) : ways.fail(error);

const answerOf = (
  status: number,
  code: string,
  message: string,
  more: DenyResponse['headers'] = [],
): DenyResponse => ({
  status,
  headers: [['cache-control', 'no-store'], ['content-type', 'application/json; charset=utf-8'], ...more],
  body: JSON.stringify({ error: { code, message } }),
});

const badTarget = answerOf(400, 'bad_request', 'The target of the request is not a path.');
const unavailable = answerOf(503, 'unavailable', 'The request could not be checked.', [['retry-after', '1']]);
