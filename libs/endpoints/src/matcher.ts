/**
 * Which saved operation a request is: compiled once per zone snapshot, asked for every request.
 * Exact host before host variable, a static segment before a variable one, from the left, going back where a branch
 * has no end, so that a match is never missed. No regular expression sees a request.
 *
 * Bound: templates are kept apart by method, host and number of segments, each set as a tree of segments. A walk
 * visits each node of two such trees (exact host, host variable) at most once, as every edge takes one segment: never
 * more than the segments of the saved templates of that shape, and 2^depth at most, whatever the path looks like.
 */
import type { Operation } from '@precede/contracts';
import { hostVariable, normaliseRequestHost } from './host.ts';
import { normalisePath } from './path.ts';
import { isVariable } from './template.ts';

export interface Matcher {
  /** The operation of a request, or undefined. `path` as it stood in the request, query and all. O(path) and the bound above; never throws. */
  match(method: string, host: string, path: string): Operation | undefined;
  /** How many operations it tells apart. */
  readonly size: number;
}

interface Node {
  readonly children: Map<string, Node>;
  variable: Node | undefined;
  operation: Operation | undefined;
}
/** Trees by number of segments. */
type Trees = Map<number, Node>;
type TreesByMethod = Map<string, Trees>;
type Hosts = Map<string, TreesByMethod>;

const newNode = (): Node => ({ children: new Map(), variable: undefined, operation: undefined });

/** Compiles saved operations (normal host and endpoint). Of two that are the same, the first stands. O(sum of their lengths). */
export const compileMatcher = (operations: Iterable<Operation>): Matcher => {
  const exact: Hosts = new Map();
  /** By what follows the variable label. */
  const variable: Hosts = new Map();
  let size = 0;
  for (const operation of operations) {
    const isExact = !operation.host.startsWith('{');
    const host = isExact ? operation.host : operation.host.slice(hostVariable.length + 1);
    if (insert(treesOf(isExact ? exact : variable, host, operation.method), operation)) size += 1;
  }
  return { size, match: (method, host, path) => matchRequest(exact, variable, method, host, path) };
};

const treesOf = (hosts: Hosts, host: string, method: string): Trees => {
  const byMethod = getOrAdd(hosts, host, (): TreesByMethod => new Map());
  return getOrAdd(byMethod, method, (): Trees => new Map());
};

const getOrAdd = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
};

const insert = (trees: Trees, operation: Operation): boolean => {
  const segments = operation.endpoint.slice(1).split('/');
  let node = getOrAdd(trees, segments.length, newNode);
  for (const segment of segments) {
    if (isVariable(segment)) {
      node.variable ??= newNode();
      node = node.variable;
    } else node = getOrAdd(node.children, segment, newNode);
  }
  if (node.operation !== undefined) return false;
  node.operation = operation;
  return true;
};

const matchRequest = (
  exact: Hosts,
  variable: Hosts,
  method: string,
  rawHost: string,
  rawPath: string,
): Operation | undefined => {
  const host = exact.has(rawHost) ? rawHost : normaliseRequestHost(rawHost);
  const exactTrees = exact.get(host)?.get(method);
  const dot = variable.size === 0 ? 0 : host.indexOf('.');
  const variableTrees = dot > 0 ? variable.get(host.slice(dot + 1))?.get(method) : undefined;
  if (exactTrees === undefined && variableTrees === undefined) return undefined;
  const path = normalisePath(rawPath);
  return matchPath(exactTrees, path) ?? matchPath(variableTrees, path);
};

const matchPath = (trees: Trees | undefined, path: string): Operation | undefined => {
  const root = trees?.get(countSegments(path));
  return root === undefined ? undefined : walk(root, path, 1);
};

const countSegments = (path: string): number => {
  let count = 0;
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) count += 1;
  return count;
};

// As deep as the template has segments: 4,096 characters hold at most 2,048 of them.
const walk = (node: Node, path: string, from: number): Operation | undefined => {
  if (from > path.length) return node.operation;
  const slash = path.indexOf('/', from);
  const end = slash === -1 ? path.length : slash;
  const next = node.children.get(path.slice(from, end));
  const found = next === undefined ? undefined : walk(next, path, end + 1);
  if (found !== undefined || node.variable === undefined || end === from) return found;
  return walk(node.variable, path, end + 1);
};
