/** The key that a rate limit counts by: zone, rule and the values of its characteristics, of bounded length. */
import { createHash } from 'node:crypto';
import type { PhaseRule } from './phase-rules.ts';
import type { Question } from './question.ts';
import { textOf } from './text.ts';

/** Longer ones are hashed: what a client sends must not fill the store. */
const maxPlain = 64;

/** Requests without a value share one counter: leaving out a header must not get round a limit. */
export const rateKeyOf = ({ rule, characteristics, parsed }: PhaseRule, question: Question): string => {
  let values = '';
  for (let at = 0; at < characteristics.length; at += 1) {
    const get = characteristics[at] as (typeof characteristics)[number];
    const value =
      get === 'session' ? (question.sessionId ?? undefined) : characteristicValue(get, parsed, at, question);
    values += value === undefined ? '-;' : `${value.length}:${value};`;
  }
  const bounded =
    values.length <= maxPlain ? values : createHash('sha256').update(values, 'latin1').digest('base64url');
  return `${question.table.zoneId}/${rule.ruleId}/${bounded}`;
};

const characteristicValue = (
  get: Exclude<PhaseRule['characteristics'][number], 'session'>,
  parsed: PhaseRule['parsed'],
  at: number,
  { slots }: Question,
): string | undefined => {
  const characteristic = parsed.characteristics[at];
  if (characteristic === undefined || characteristic === 'session') return undefined;
  const value = get(slots);
  // Beyond the length of a text: its beginning tells clients apart well enough, and leaving it out would join them.
  return typeof value === 'string' ? value : textOf(value, characteristic.type);
};
