/** Imports of made-up events, and one question to the enforcer: what both kinds of deployment are tried with. */
import assert from 'node:assert/strict';
import { seeded } from '@precede/testkit/seeded';
import { endpoints, eventOf, host, type Sent } from './traffic.ts';
import type { Place, Zone } from './zone.ts';

/** In order of time, of 50 clients, with gaps that end windows. The seed names the clients too. */
export const makeEvents = (count: number, seed = 11): Sent[] => {
  const random = seeded(seed);
  let timeMs = Date.now() - 12 * 3_600_000;
  return Array.from({ length: count }, () => {
    timeMs += Math.floor(random() * 1_500) + (random() < 0.002 ? 700_000 : 0);
    const session = `client-${seed}-${Math.floor(random() * 50)}`;
    return { timeMs, session, operation: Math.floor(random() ** 2 * endpoints.length) };
  });
};

export const importEvents = async (
  place: Place,
  { id }: Zone,
  source: string,
  events: readonly Sent[],
): Promise<void> => {
  const response = await fetch(`${place.url('ingest')}/v1/zones/${id}/events?source=${source}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events.map((sent) => eventOf(sent, `${source}-${sent.timeMs}-${sent.session}`))),
  });
  const answer = (await response.json()) as { sequenced?: number };
  assert.equal(answer.sequenced, events.length, JSON.stringify(answer).slice(0, 500));
};

export const endSource = async (place: Place, { id }: Zone, source: string): Promise<void> => {
  const url = `${place.url('ingest')}/v1/zones/${id}/sources/${source}/end`;
  const response = await fetch(url, { method: 'POST' });
  assert.ok(response.ok, `${response.status}`);
};

/** Whether a client that pays without a cart is let through. */
export const decide = async (place: Place, { id }: Zone): Promise<unknown> => {
  const response = await fetch(`${place.url('enforcer')}/v1/decide`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ zone_id: id, method: 'GET', host, path: '/pay', session: 'nobody' }),
  });
  return ((await response.json()) as { decision?: string }).decision;
};
