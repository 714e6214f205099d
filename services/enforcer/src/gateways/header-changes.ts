/**
 * What a list of header changes comes to, header by header: gateways apply sets, additions and removals in an order of
 * their own, or can only replace, so each header is worked out to its end before it is rendered.
 */
import type { RequestHeaderChange } from '../decision.ts';
import type { GatewayRequest } from '../gateway-request.ts';

export interface HeaderEffect {
  readonly name: string;
  /** Whether the values that the client sent stay, in front of these. */
  keepsSent: boolean;
  readonly values: string[];
}

/** Their change would break the framing of the request, or name another origin, on the way from gateway to origin. */
const framing = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'x-precede-token'],
]);
const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Expressions can decode text into line ends: as a header that would be two (RFC 9110, section 5.5). */
const isValue = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value);

/** The value of a header that must not be lost: without what would end it, and in bytes. */
export const safeValueOf = (value: string): string => {
  if (isValue(value)) return value;
  const isWide = [...value].some((each) => each > '\xff');
  const bytes = isWide ? Buffer.from(value).toString('latin1') : value;
  return bytes.replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
};

export const mayChange = (name: string): boolean => token.test(name) && !framing.has(name);

/** One entry a header, in order of first mention. Changes that no gateway could carry out safely are left out. */
export const effectsOf = (changes: readonly RequestHeaderChange[]): readonly HeaderEffect[] => {
  const effects = new Map<string, HeaderEffect>();
  for (const change of changes) {
    if (!mayChange(change.name) || !isValue(change.value)) continue;
    let effect = effects.get(change.name);
    if (effect === undefined) {
      effect = { name: change.name, keepsSent: true, values: [] };
      effects.set(change.name, effect);
    }
    if (change.operation !== 'add') {
      effect.keepsSent = false;
      effect.values.length = 0;
    }
    if (change.operation !== 'remove') effect.values.push(change.value);
  }
  return [...effects.values()];
};

/** What the origin shall see as one line; null: no such header. */
export const lineOf = (effect: HeaderEffect, sent: GatewayRequest['headers']): string | null => {
  const values = effect.keepsSent ? [...sentValues(sent, effect.name), ...effect.values] : effect.values;
  return values.length === 0 ? null : values.join(effect.name === 'cookie' ? '; ' : ', ');
};

export const sentValues = (sent: GatewayRequest['headers'], name: string): readonly string[] => {
  const values = sent.get(name);
  return values === undefined ? [] : typeof values === 'string' ? [values] : values;
};
