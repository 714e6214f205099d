/** The parts that sequence rules are made of, each as one closure that allocates nothing. */
import type { Argument, Expression, Quantifier } from '../ast.ts';
import type { Value } from '../values.ts';
import type { Condition } from './condition.ts';
import type { FieldLayout, Slots } from './layout.ts';

/** `field eq literal` without an index. */
export const equalityOf = (expression: Expression, layout: FieldLayout) => {
  if (expression.kind !== 'ordering' || expression.operator !== 'eq') return null;
  const { base, indexes } = expression.value;
  if (base.kind !== 'field' || indexes.length > 0) return null;
  return { slot: layout.slotOf(base.field), literal: expression.literal.value as Value };
};

/** The comparisons that sequence rules are made of: a field with eq, a key of a map with an order. */
export const compileShape = (
  expression: Expression,
  layout: FieldLayout,
  wanted: boolean,
): Condition | null => {
  const equality = equalityOf(expression, layout);
  if (equality !== null) {
    const { slot, literal } = equality;
    return (slots) => (slots[slot] === literal) === wanted;
  }
  if (expression.kind !== 'ordering' || typeof expression.literal.value !== 'number') return null;
  const { base, indexes } = expression.value;
  const [index] = indexes;
  if (base.kind !== 'field' || index?.kind !== 'key' || indexes.length > 1) return null;
  const place = { slot: layout.slotOf(base.field), key: index.key };
  return compileMapOrder(place, expression.operator, expression.literal.value, wanted);
};

interface MapPlace {
  readonly slot: number;
  readonly key: string;
}

const numberAt = (slots: Slots, slot: number, key: string): number =>
  (slots[slot] as ReadonlyMap<string, number> | undefined)?.get(key) as number;

/** A missing key is undefined, and every order with undefined is false. */
const compileMapOrder = (
  { slot, key }: MapPlace,
  operator: string,
  literal: number,
  wanted: boolean,
): Condition | null => {
  switch (operator) {
    case 'ge':
      return (slots) => numberAt(slots, slot, key) >= literal === wanted;
    case 'gt':
      return (slots) => numberAt(slots, slot, key) > literal === wanted;
    case 'le':
      return (slots) => numberAt(slots, slot, key) <= literal === wanted;
    case 'lt':
      return (slots) => numberAt(slots, slot, key) < literal === wanted;
    default:
      return null;
  }
};

/** `any(field[*] eq literal)` over an array, the heart of sequence rules. */
export const anyEqualOf = (operator: Quantifier, of: Argument, layout: FieldLayout) => {
  if (operator !== 'any' || of.kind !== 'logical' || of.of.kind !== 'ordering') return null;
  const { value, operator: order, literal } = of.of;
  const isPlain = order === 'eq' && value.indexes.length === 1 && value.stars === 1;
  if (!isPlain || value.base.kind !== 'field' || value.base.field.type.kind !== 'array') return null;
  return { slot: layout.slotOf(value.base.field), literal: literal.value as Value };
};

export const compileAnyEqual =
  (slot: number, literal: Value, wanted: boolean): Condition =>
  (slots) => {
    const items = slots[slot] as readonly Value[] | undefined;
    if (items === undefined) return !wanted;
    for (let at = 0; at < items.length; at += 1) if (items[at] === literal) return wanted;
    return !wanted;
  };
