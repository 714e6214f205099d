/**
 * How the expression of a rule came to its value, for the receipt of a decision: worked out behind the answer by the
 * explaining evaluator, which is slow, so there is a budget of time. A receipt without its trace says so.
 */
import { evaluateReference, explain, explainingStepsOf, fieldsOf, type Value } from '@precede/rules';
import type { RuleHit } from './outcome.ts';
import type { Question } from './question.ts';

/** Of a receipt. */
const maxTraceLength = 4_096;
/** Bytes that the fields of an expression may have together: explaining some functions is quadratic in them. */
const maxFactBytes = 16_384;
/** Bytes times what the regular expressions take for each: some tens of milliseconds, in which nothing is decided. */
const maxSteps = 100_000;
/** Share of the time of this process that goes into traces at most, and how much of it may be saved up. */
const share = 0.05;
const maxSavedMs = 100;

export class Tracer {
  #savedMs = maxSavedMs;
  #lastMs = 0;

  /** Lines, the truth of each part in front; empty where there is no expression. */
  trace(hit: RuleHit | null, question: Question): string {
    const match = hit?.phaseRule?.parsed.match;
    if (match === undefined || hit?.phaseRule === null || hit === null) return '';
    if (match === null) return 'The rule matches every request.';
    const startMs = performance.now();
    this.#savedMs = Math.min(maxSavedMs, this.#savedMs + (startMs - this.#lastMs) * share);
    this.#lastMs = startMs;
    if (this.#savedMs <= 0) return 'Left out: too many decisions at a time.';
    const text = linesOf(hit, question);
    this.#savedMs -= performance.now() - startMs;
    return text;
  }
}

const linesOf = ({ phaseRule }: RuleHit, question: Question): string => {
  const match = phaseRule?.parsed.match;
  if (phaseRule === null || match === undefined || match === null) return '';
  const { layout } = question.table.phases.sets[phaseRule.rule.phase];
  const used = new Set(fieldsOf(match));
  const facts = new Map<string, Value>();
  let bytes = 0;
  for (const [at, field] of layout.fields.entries()) {
    const value = question.slots[at];
    if (!used.has(field) || value === undefined) continue;
    facts.set(field.name, value);
    bytes += sizeOf(value);
  }
  if (bytes > maxFactBytes || bytes * explainingStepsOf(match) > maxSteps)
    return 'Left out: the values of the request are too long.';
  const { lines } = explain(
    evaluateReference(match, facts, question.table.phases.lists),
    phaseRule.rule.expression,
  );
  const text = lines.join('\n');
  return text.length <= maxTraceLength ? text : `${text.slice(0, maxTraceLength - 1)}…`;
};

const sizeOf = (value: Value): number => {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object') return 8;
  const items = value instanceof Map ? [...value.values(), ...value.keys()] : (value as readonly Value[]);
  return items.reduce<number>((sum, each) => sum + sizeOf(each), 8);
};
