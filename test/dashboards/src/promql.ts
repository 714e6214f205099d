/** What an expression names: read from its syntax tree, not by pattern. */
import { parser } from '@prometheus-io/lezer-promql';

/** Variables stand in Grafana's place; the values are those of "all of them" and of a scrape every second. */
export const withVariables = (expr: string): string =>
  expr
    .replaceAll('$__rate_interval', '10s')
    .replaceAll('$__range', '60s')
    .replaceAll(/\$(instance|service)\b/g, '.+');

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

export interface Reading {
  /** Where the text is no PromQL. */
  readonly errors: readonly string[];
  readonly selectors: readonly Selector[];
  /** Labels that are grouped or joined by. */
  readonly grouped: readonly string[];
}

type Node = ReturnType<typeof parser.parse>['topNode'];

const named = (node: Node, name: string): readonly Node[] => {
  const found: Node[] = [];
  node.cursor().iterate((each) => {
    if (each.name === name) found.push(each.node);
  });
  return found;
};

export const readPromql = (expr: string): Reading => {
  const top = parser.parse(expr).topNode;
  const text = ({ from, to }: Node): string => expr.slice(from, to);
  const errors: string[] = [];
  top.cursor().iterate((node) => {
    if (node.type.isError) errors.push(`at ${node.from}: ${expr.slice(node.from, node.from + 30)}`);
  });
  const matcherOf = (node: Node): Matcher => {
    const part = (name: string): string => named(node, name).map(text)[0] ?? '';
    return {
      label: part('LabelName'),
      operator: part('MatchOp'),
      value: part('StringLiteral').slice(1, -1),
    };
  };
  const selectors = named(top, 'VectorSelector').map((node) => ({
    metric: named(node, 'Identifier').map(text)[0] ?? '',
    matchers: named(node, 'UnquotedLabelMatcher').map(matcherOf),
  }));
  const grouped = named(top, 'GroupingLabels').flatMap((node) => named(node, 'LabelName').map(text));
  return { errors, selectors, grouped };
};
