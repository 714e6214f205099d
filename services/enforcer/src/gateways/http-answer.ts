/**
 * Decisions as answers to gateways that ask over HTTP. A let-through request is answered 2xx with headers that the gateway
 * copies; a denial is the whole answer to the client, or, where a gateway cannot pass that on, a 403 that carries it.
 */
import type { Decision, DenyResponse } from '../decision.ts';
import type { GatewayRequest } from '../gateway-request.ts';
import { effectsOf, lineOf, safeValueOf } from './header-changes.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

type Header = readonly [name: string, value: string];

/** Final lines of the changed headers, and of those that the gateway replaces whether we change them or not. */
export const copiedHeaders = (
  decision: Decision,
  sent: GatewayRequest['headers'],
  copy: readonly string[],
): { readonly lines: readonly Header[]; readonly removed: readonly string[] } => {
  const lines: Header[] = [];
  const removed: string[] = [];
  const changed = new Set<string>();
  for (const effect of effectsOf(decision.requestHeaders)) {
    const line = lineOf(effect, sent);
    changed.add(effect.name);
    if (line === null) removed.push(effect.name);
    else lines.push([effect.name, line]);
  }
  for (const name of copy) {
    const line = changed.has(name) ? null : lineOf({ name, keepsSent: true, values: [] }, sent);
    if (line !== null) lines.push([name, line]);
  }
  return { lines, removed };
};

export const allowAnswer = (status: 200 | 204, lines: readonly Header[], decision: Decision): HttpAnswer => {
  const { setCookie } = decision;
  return { status, headers: setCookie === null ? lines : [...lines, ['set-cookie', setCookie]], body: '' };
};

/** Everything that the client gets, the cookie included. */
export const denyAnswer = (response: DenyResponse, decision: Decision, below500 = false): HttpAnswer => {
  const { status, headers, body } = response;
  const all: readonly Header[] =
    decision.setCookie === null ? headers : [...headers, ['set-cookie', decision.setCookie]];
  return {
    status: below500 && status >= 500 ? 403 : status,
    headers: all.map(([name, value]) => [name, safeValueOf(value)]),
    body,
  };
};
