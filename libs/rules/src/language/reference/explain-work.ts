/**
 * What it takes to explain an expression: the reference keeps places by state and byte, where rules run in bits. Tells
 * those that ask for traces in a process that has other things to do.
 */
import { parseRegex } from '../../regex/regex.ts';
import type { Call, Expression } from '../ast.ts';
import { toText } from '../values.ts';
import { nodesOf } from '../walk.ts';

/** Steps for each byte of the fields, about: the states of all regular expressions, 1 at least. O(expression). */
export const explainingStepsOf = (expression: Expression): number => {
  let steps = 1;
  for (const node of nodesOf(expression)) {
    if (node.kind === 'matches') steps += statesOf(node.pattern);
    else if (node.kind === 'value' && node.base.kind === 'call') steps += statesOfCall(node.base);
  }
  return steps;
};

const statesOfCall = ({ definition, args: [, pattern] }: Call): number =>
  definition.name === 'regex_replace' && pattern?.kind === 'bytes'
    ? statesOf(toText(pattern.value) ?? '')
    : 0;

const statesOf = (pattern: string): number => {
  const parsed = parseRegex(pattern);
  return parsed.kind === 'parsed' ? parsed.hir.states : 0;
};
