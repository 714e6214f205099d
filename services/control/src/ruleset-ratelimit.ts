/** `ratelimit` of a rule, between the Rulesets API (seconds) and config.v1 (milliseconds). */
import type { RateLimit } from '@precede/contracts';
import { z } from 'zod';

const maxSeconds = 86_400;
const maxRequests = 1_000_000_000;
const maxCharacteristics = 10;

/** Clients of the public API must name the data centre; there is one here, and its counters are exact. */
const dataCentre = 'cf.colo.id';

const characteristics = z
  .array(z.string().min(1))
  .max(maxCharacteristics)
  .transform((all) => all.filter((each) => each !== dataCentre))
  .refine((all) => all.length > 0, 'must name what requests are counted by, such as "ip.src" or "session"')
  .refine((all) => new Set(all).size === all.length, 'the same characteristic stands here twice');

export const rateLimitBody = z
  .strictObject({
    characteristics,
    period: z.int().min(1).max(maxSeconds),
    requests_per_period: z.int().min(1).max(maxRequests),
    mitigation_timeout: z.int().min(0).max(maxSeconds).default(0),
    counting_expression: z.string().default(''),
    requests_to_origin: z
      .literal(
        false,
        'there is no cache in front of the rules, every request counts: false is the only value',
      )
      .optional(),
  })
  .transform(
    (given): RateLimit => ({
      characteristics: given.characteristics,
      periodMs: given.period * 1_000,
      requestsPerPeriod: given.requests_per_period,
      mitigationTimeoutMs: given.mitigation_timeout * 1_000,
      countingExpression: given.counting_expression,
    }),
  );

/** Where the characteristic at this place of a RateLimit stood in the body. */
export const placeAsGiven = (given: unknown, place: number): number => {
  const kept = (Array.isArray(given) ? given : []).flatMap((each, at) => (each === dataCentre ? [] : at));
  return kept[place] ?? place;
};

export const rateLimitView = (limit: RateLimit) => ({
  characteristics: limit.characteristics,
  period: limit.periodMs / 1_000,
  requests_per_period: limit.requestsPerPeriod,
  mitigation_timeout: limit.mitigationTimeoutMs / 1_000,
  counting_expression: limit.countingExpression,
  requests_to_origin: false,
});
