/** Runs cases through an evaluator and tells what came out other than it must. */
import type { Expression } from './ast.ts';
import type { Case } from './cases.ts';
import { compileExpression } from './compiled/expression.ts';
import { FieldLayout } from './compiled/layout.ts';
import { parseExpression } from './expression.ts';
import type { ExpressionFault } from './faults.ts';
import { type NamedLists, noLists } from './lists.ts';
import { evaluateReference } from './reference/evaluate.ts';
import type { Value } from './values.ts';

type Evaluate = (values: ReadonlyMap<string, Value>) => boolean;

/** Makes of an expression what answers for one request after the other. */
export type Evaluator = (expression: Expression, lists: NamedLists) => Evaluate;

export const compiledEvaluator: Evaluator = (expression, lists) => {
  const layout = new FieldLayout();
  const matches = compileExpression(expression, { layout, lists });
  return (values) => matches(layout.fill(values));
};

export const referenceEvaluator: Evaluator = (expression, lists) => (values) =>
  evaluateReference(expression, values, lists).value === true;

export type Mismatch =
  /** It was taken and must not be, or the reverse; `fault` says why it was refused. */
  | { readonly kind: 'validity'; readonly isValid: boolean; readonly fault: ExpressionFault | null }
  | { readonly kind: 'result'; readonly request: number; readonly result: boolean };

export interface CaseOutcome {
  readonly evaluations: number;
  /** Of an expression that is refused and must not be, every request counts. */
  readonly wrongEvaluations: number;
  readonly mismatches: readonly Mismatch[];
}

export const runCase = (each: Case, evaluator: Evaluator = compiledEvaluator): CaseOutcome => {
  const parsed = parseExpression(each.expression, { lists: each.lists });
  const isValid = parsed.kind === 'parsed';
  const evaluations = each.requests.length;
  if (isValid !== each.isValid) {
    const fault = parsed.kind === 'refused' ? parsed.fault : null;
    const wrongEvaluations = each.isValid ? evaluations : 0;
    return { evaluations, wrongEvaluations, mismatches: [{ kind: 'validity', isValid, fault }] };
  }
  if (parsed.kind === 'refused') return { evaluations, wrongEvaluations: 0, mismatches: [] };
  const evaluate = evaluator(parsed.expression, each.lists ?? noLists);
  const mismatches = each.requests.flatMap(({ values, expected }, request): Mismatch[] => {
    const result = evaluate(values);
    return result === expected ? [] : [{ kind: 'result', request, result }];
  });
  return { evaluations, wrongEvaluations: mismatches.length, mismatches };
};
