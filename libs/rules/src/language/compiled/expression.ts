/** One expression, ready to run: the door to the compiled evaluator. */
import type { Expression, ValueExpression } from '../ast.ts';
import { type NamedLists, noLists } from '../lists.ts';
import { type CompileContext, compileCondition, compileValue } from './compile.ts';
import type { Condition, Getter } from './condition.ts';
import { FieldLayout } from './layout.ts';

export interface CompileOptions {
  /** Shared by the expressions of a set, so that a request is laid out once; a new one by default. */
  readonly layout?: FieldLayout;
  /** What `in $name` looks in; a list that is not among them has no members. */
  readonly lists?: NamedLists;
}

/** A parsed expression as a function of the slots of a request. It never throws and keeps nothing between requests. */
export const compileExpression = (expression: Expression, options: CompileOptions = {}): Condition =>
  compileCondition(expression, contextOf(options));

/** The same for an expression that gives a value; undefined where it is missing. */
export const compileValueExpression = (expression: ValueExpression, options: CompileOptions = {}): Getter =>
  compileValue(expression, contextOf(options));

const contextOf = ({ layout = new FieldLayout(), lists = noLists }: CompileOptions): CompileContext => ({
  layout,
  lists,
});
