/**
 * The simulated API: what it refuses is the truth that the report measures against. A step of a journey is refused
 * unless one of the operations that it requires was accepted earlier in the session; the last step of a journey ends it.
 * Operations are numbers here as everywhere in the engines; their names are for the reader of the report.
 */
import { seeded } from '@precede/testkit/seeded';

/** Steps in order; a step with several operations may be done by any one of them. */
export interface Journey {
  readonly name: string;
  /** How often it is chosen beside the others. */
  readonly weight: number;
  readonly steps: readonly (readonly number[])[];
}

const names: string[] = [];
const operation = (name: string): number => {
  const known = names.indexOf(name);
  return known >= 0 ? known : names.push(name) - 1;
};
const journey = (
  name: string,
  weight: number,
  ...steps: readonly (string | readonly string[])[]
): Journey => ({
  name,
  weight,
  steps: steps.map((step) => (typeof step === 'string' ? [step] : step).map(operation)),
});

/** From every third session to one in a hundred. Some first steps are also called by people who only look around. */
export const journeys: readonly Journey[] = [
  journey('login', 30, 'POST /login', 'POST /login/otp', 'GET /me'),
  journey(
    'checkout',
    24,
    'POST /cart/items',
    'POST /checkout',
    'PUT /checkout/address',
    ['POST /checkout/card', 'POST /checkout/wallet'],
    'POST /checkout/confirm',
  ),
  journey(
    'transfer',
    14,
    'POST /transfers',
    'GET /transfers/{id}/quote',
    'POST /transfers/{id}/approve',
    'POST /transfers/{id}/execute',
  ),
  journey(
    'booking',
    10,
    'GET /slots',
    'POST /holds',
    ['POST /bookings', 'POST /waitlist'],
    'POST /invitations',
  ),
  journey('signup', 8, 'POST /signup', 'POST /signup/code', 'POST /signup/verify', 'PUT /profile'),
  journey(
    'refund',
    6,
    'GET /orders/{id}',
    'POST /orders/{id}/refund',
    'PUT /refunds/{id}/reason',
    'POST /refunds/{id}/submit',
  ),
  journey(
    'upload',
    4,
    'POST /uploads',
    'PUT /uploads/{id}/part',
    'POST /uploads/{id}/complete',
    'POST /documents',
    'POST /documents/{id}/share',
  ),
  journey('password', 3, 'POST /password/forgot', 'POST /password/verify', 'PUT /password'),
  journey('export', 1, 'POST /exports', 'GET /exports/{id}', 'GET /exports/{id}/file'),
];

/** The client's program makes these in this order when it opens. The API does not ask for it: habit, not requirement. */
export const habit: readonly number[] = ['GET /app/config', 'GET /app/session', 'GET /app/menu'].map(
  operation,
);

/** Called by an open page every few seconds. */
export const poll = operation('GET /notifications');

/** What people call in any order, the first most often; two are first steps of journeys as well. */
export const browsing: readonly number[] = [
  'GET /products',
  'GET /products/{id}',
  'GET /search',
  'GET /categories',
  'GET /orders/{id}',
  'GET /reviews',
  'GET /cart',
  'GET /slots',
  'GET /offers',
  'GET /stores',
  'GET /help',
  'GET /help/{id}',
  'GET /news',
  'GET /images/{id}',
  'GET /recommendations',
  'GET /wishlist',
  'POST /wishlist',
  'GET /orders',
  'GET /invoices',
  'GET /invoices/{id}',
  'GET /addresses',
  'PUT /addresses/{id}',
  'GET /messages',
  'POST /messages',
  'GET /status',
].map(operation);

export const operationCount = names.length;
export const nameOf = (id: number): string => names[id] ?? String(id);
export const familyOf = (id: number): string => nameOf(id).split(/[ /{]+/)[1] ?? '';

/** What must have been accepted earlier, any one of them; nothing for operations that are free. */
const requirements = new Map<number, readonly number[]>(
  journeys.flatMap(({ steps }) =>
    steps.flatMap((step, i) => (i === 0 ? [] : step.map((each) => [each, steps[i - 1] ?? []] as const))),
  ),
);
export const requiredBefore = (id: number): readonly number[] => requirements.get(id) ?? [];

const endings = new Map(
  journeys.flatMap(({ steps }) => (steps.at(-1) ?? []).map((last) => [last, steps.flat()] as const)),
);

/** One session as the API sees it. */
export class ApiSession {
  readonly #accepted = new Set<number>();

  /** False: refused. */
  call(id: number): boolean {
    const required = requiredBefore(id);
    if (required.length > 0 && !required.some((each) => this.#accepted.has(each))) return false;
    this.#accepted.add(id);
    for (const each of endings.get(id) ?? []) this.#accepted.delete(each);
    return true;
  }
}

/** Numbers of one session, of no other session of the same seed. */
export const drawsOf = (seed: number, session: number): (() => number) =>
  seeded(Math.imul(seed, 0x9e3779b1) ^ Math.imul(session + 1, 0x85ebca77));
