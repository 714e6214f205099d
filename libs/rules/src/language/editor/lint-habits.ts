/** Findings about what is written often and means something else than it seems to. */
import type { ComparisonExpression, Expression } from '../ast.ts';
import type { NamedLists } from '../lists.ts';
import { printComparison, printValue } from '../print.ts';
import { listsOf, type Node, nodesOf } from '../walk.ts';
import { bare, brief, type Finding, FindingCode, findingAt } from './findings.ts';

interface Options {
  readonly lists?: NamedLists | undefined;
}

export const habitFindings = (expression: Expression, { lists }: Options): readonly Finding[] => {
  const nodes = [...nodesOf(expression)];
  const negated = new Set(nodes.flatMap((node) => (node.kind === 'not' ? [bare(node.of)] : [])));
  return [
    ...nodes.flatMap((node) => [...caseFindings(node), ...neFindings(node, negated)]),
    ...anyFindings(expression, false),
    ...listFindings(expression, lists),
  ];
};

type Texts = Extract<ComparisonExpression, { kind: 'ordering' | 'in_set' }>;

const isTexts = (node: Node): node is Texts => node.kind === 'ordering' || node.kind === 'in_set';

/** Texts a field is compared with as a whole. */
const comparedTexts = (comparison: Texts): readonly { value: string; start: number; end: number }[] => {
  const literals = comparison.kind === 'in_set' ? comparison.members : [comparison.literal];
  return literals.flatMap((each) => (each.kind === 'bytes' ? [each] : []));
};

const caseFindings = (node: Node): readonly Finding[] => {
  if (!isTexts(node) || node.value.base.kind !== 'field') return [];
  const { name } = node.value.base.field;
  const texts = comparedTexts(node);
  if (name === 'http.request.method')
    return texts
      .filter(({ value }) => /[a-z]/.test(value))
      .map((text) =>
        findingAt(text, {
          code: FindingCode.methodCase,
          severity: 'notice',
          message: 'methods are upper case as a rule, and compared with their case',
          hint: `write "${text.value.toUpperCase()}"`,
        }),
      );
  if (name !== 'http.host') return [];
  return texts
    .filter(({ value }) => /[A-Z]/.test(value))
    .map((text) =>
      findingAt(text, {
        code: FindingCode.hostCase,
        severity: 'notice',
        message: 'most clients send the host in lower case, and it is compared with its case',
        hint: `write lower(http.host) eq "${text.value.toLowerCase()}" for either case`,
      }),
    );
};

/** `x["key"] ne 5` is false where there is no key, and its opposite is true there. */
const neFindings = (node: Node, negated: ReadonlySet<Node>): readonly Finding[] => {
  if (node.kind !== 'ordering' || node.operator !== 'ne') return [];
  const { value } = node;
  if (value.stars > 0 || value.indexes.length === 0) return [];
  const name = brief(printValue(value));
  const isNegated = negated.has(node);
  const message = isNegated
    ? `not with ne is true too where ${name} is missing`
    : `this is false too where ${name} is missing`;
  const hint = isNegated
    ? `to leave that out, write ${asEqual(node)}`
    : `to include that, write not ${asEqual(node)}`;
  return [findingAt(node, { code: FindingCode.neOfMissing, severity: 'notice', message, hint })];
};

const asEqual = (comparison: Extract<ComparisonExpression, { kind: 'ordering' }>): string =>
  printComparison({ ...comparison, operator: 'eq' });

/** The `ne` that any maps over the items of an array. */
const mappedNe = (expression: Expression) => {
  if (expression.kind !== 'quantifier' || expression.operator !== 'any' || expression.of.kind !== 'logical')
    return null;
  const { of } = expression.of;
  return of.kind === 'ordering' && of.operator === 'ne' ? of : null;
};

/** `any(a[*] ne "x")` is true as soon as one item differs; people often mean that none is "x". */
const anyFindings = (expression: Expression, isNegated: boolean): readonly Finding[] => {
  const compared = mappedNe(expression);
  if (compared !== null) {
    const equal = asEqual(compared);
    const message = isNegated
      ? `this is all(${equal}): true if no item differs, and where there is no item`
      : 'this is true as soon as one item differs, whatever the others are';
    const hint = `for "no item is equal" write not any(${equal})`;
    return [findingAt(expression, { code: FindingCode.anyNe, severity: 'notice', message, hint })];
  }
  if (expression.kind === 'not') return anyFindings(expression.of, !isNegated);
  if (expression.kind === 'group') return anyFindings(expression.of, isNegated);
  return expression.kind === 'combine' ? expression.items.flatMap((item) => anyFindings(item, false)) : [];
};

const listFindings = (expression: Expression, lists: NamedLists | undefined): readonly Finding[] =>
  listsOf(expression)
    .filter(({ list }) => lists?.get(list)?.members.length === 0)
    .map((use) =>
      findingAt(use, {
        code: FindingCode.emptyList,
        severity: 'notice',
        message: `the list $${use.list} has no items yet, so nothing is in it`,
      }),
    );
