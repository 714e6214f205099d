/** Every node of a tree, and what an expression reads. */
import type { Argument, ComparisonExpression, Expression, ValueExpression } from './ast.ts';
import type { Field } from './fields/fields.ts';

export type Node = Expression | Argument;

/** A node and all below it, in the order of the text. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}

export const childrenOf = (node: Node): readonly Node[] => {
  switch (node.kind) {
    case 'combine':
      return node.items;
    case 'not':
    case 'group':
    case 'quantifier':
    case 'logical':
      return [node.of];
    case 'value':
      return node.base.kind === 'call' ? node.base.args : [];
    case 'bytes':
    case 'int':
    case 'ip':
      return [];
    default:
      return [node.value];
  }
};

type InList = Extract<ComparisonExpression, { kind: 'in_list' }>;

/** The uses of named lists. */
export const listsOf = (node: Expression | ValueExpression): readonly InList[] =>
  [...nodesOf(node)].filter((each): each is InList => each.kind === 'in_list');

/** The fields that are read, each once, in the order of the text. */
export const fieldsOf = (node: Expression | ValueExpression): readonly Field[] => {
  const found = new Set<Field>();
  for (const each of nodesOf(node))
    if (each.kind === 'value' && each.base.kind === 'field') found.add(each.base.field);
  return [...found];
};
