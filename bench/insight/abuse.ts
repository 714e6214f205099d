/**
 * Planted abuse among a day's traffic. The simulated API has a hole for it: what it refuses is called all the same and
 * the client goes on. All but the enumerations look like a usual visit around the abuse, with the same disturbances.
 */
import { drawsOf, familyOf, type Journey, journeys, nameOf, operationCount } from './api.ts';
import { Client, pickJourney, type SimulatedSession, sessionOf } from './traffic.ts';

export const AbuseKind = {
  paymentSkipped: 'payment skipped',
  stepSkipped: 'a step skipped',
  enumeration: 'enumeration',
  wrongOrder: 'wrong order',
  repeatedSubmit: 'repeated submit',
} as const;
export type AbuseKind = (typeof AbuseKind)[keyof typeof AbuseKind];
export const abuseKinds: readonly AbuseKind[] = Object.values(AbuseKind);

export interface LabelledSession extends SimulatedSession {
  readonly abuse: AbuseKind | null;
}

/** Every hundredth session is abuse, one kind after the other. */
export const contaminatedDay = (seed: number, sessions: number, noise: number): LabelledSession[] =>
  Array.from({ length: sessions }, (_, i) => {
    if (i % 100 !== 99) return { ...sessionOf(seed, i, noise), abuse: null };
    const abuse = abuseKinds[Math.floor(i / 100) % abuseKinds.length] as AbuseKind;
    return { ...abusiveSession(abuse, drawsOf(seed, i), noise), abuse };
  });

const abusiveSession = (kind: AbuseKind, draw: () => number, noise: number): SimulatedSession => {
  const client = new Client(draw, noise);
  switch (kind) {
    case AbuseKind.paymentSkipped:
      return client.visit(() => force(client, without(journeyNamed('checkout'), 3)));
    case AbuseKind.stepSkipped: {
      const journey = longJourney(draw);
      const step = 1 + Math.floor(draw() * (journey.steps.length - 2));
      return client.visit(() => force(client, without(journey, step)));
    }
    case AbuseKind.enumeration:
      return client.script(draw() < 0.5 ? family(draw) : stretch(draw));
    case AbuseKind.wrongOrder: {
      const journey = longJourney(draw);
      return client.visit(() => force(client, disordered(firstChoices(journey), draw)));
    }
    case AbuseKind.repeatedSubmit: {
      const lastTwo = firstChoices(longJourney(draw)).slice(-2);
      const times = 3 + Math.floor(draw() * 6);
      return client.visit(() => force(client, Array.from({ length: times }, () => lastTwo).flat()));
    }
    default:
      return kind satisfies never;
  }
};

const force = (client: Client, operations: readonly number[]): void => {
  for (const each of operations) client.request(each);
};

const journeyNamed = (name: string): Journey => journeys.find((each) => each.name === name) as Journey;
const firstChoices = (journey: Journey): number[] => journey.steps.map((step) => step[0] as number);
const without = (journey: Journey, step: number): number[] => firstChoices(journey).toSpliced(step, 1);

/** One with a step between first and last that can be skipped, as often as people choose it. */
const longJourney = (draw: () => number): Journey => {
  for (;;) {
    const journey = pickJourney(draw);
    if (journey.steps.length >= 4) return journey;
  }
};

/** Fisher and Yates, until it differs. */
const disordered = (operations: readonly number[], draw: () => number): number[] => {
  const mixed = [...operations];
  while (mixed.every((each, i) => each === operations[i]))
    for (let i = mixed.length - 1; i > 0; i -= 1) {
      const j = Math.floor(draw() * (i + 1));
      [mixed[i], mixed[j]] = [mixed[j] as number, mixed[i] as number];
    }
  return mixed;
};

const byName = Array.from({ length: operationCount }, (_, id) => id).sort((a, b) =>
  nameOf(a) < nameOf(b) ? -1 : 1,
);
/** All operations of one part of the API, in the order of its documentation, twice. */
const family = (draw: () => number): number[] => {
  const families = [...Map.groupBy(byName, familyOf).values()].filter((each) => each.length >= 3);
  const chosen = families[Math.floor(draw() * families.length)] ?? [];
  return [...chosen, ...chosen];
};
/** A stretch of the whole documentation. */
const stretch = (draw: () => number): number[] => {
  const length = 10 + Math.floor(draw() * 30);
  const from = Math.floor(draw() * (byName.length - length));
  return byName.slice(from, from + length);
};
