/** The type of an expression, from its first operand: the parser has made sure that the others fit. */
import type { Expression } from './ast.ts';
import { arrayOf, Bool, type Type } from './types.ts';

/** Bool, or Array<Bool> of what maps over `[*]`. */
export const typeOf = (expression: Expression): Type => {
  switch (expression.kind) {
    case 'combine':
      return typeOf(expression.items[0] as Expression);
    case 'not':
    case 'group':
      return typeOf(expression.of);
    case 'quantifier':
      return Bool;
    default:
      if (expression.value.stars > 0) return arrayOf(Bool);
      return expression.kind === 'is_true' ? expression.value.type : Bool;
  }
};
