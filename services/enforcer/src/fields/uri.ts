/**
 * Host, path, query and arguments. The plain fields have host and path in the one spelling that operations are matched
 * by (libs/endpoints), so that no rule is passed by another spelling of a path; the raw ones have the path as sent.
 * A fragment, which no client should send, is in none of them.
 */
import { normaliseRequestHost, normaliseRequestPath, stripQuery } from '@precede/endpoints';
import { lowerAscii } from './bytes.ts';
import type { FieldContext, FieldReaders } from './context.ts';
import { type Pairs, parsePairs } from './pairs.ts';

export interface Target {
  /** In the normal spelling. */
  readonly path: string;
  /** As sent. */
  readonly rawPath: string;
  readonly query: string;
  /** With its question mark, also of an empty query; "" where there is none. */
  readonly search: string;
}

const targetOf = ({ request, derived }: FieldContext): Target => {
  derived.target ??= parseTarget(request.path);
  return derived.target;
};

const parseTarget = (sent: string): Target => {
  const rawPath = stripQuery(sent);
  const search = sent[rawPath.length] === '?' ? withoutFragment(sent.slice(rawPath.length)) : '';
  return { path: normaliseRequestPath(rawPath), rawPath, query: search.slice(1), search };
};

const withoutFragment = (search: string): string => {
  const fragment = search.indexOf('#');
  return fragment === -1 ? search : search.slice(0, fragment);
};

const argsOf = (context: FieldContext): Pairs => {
  context.derived.args ??= parsePairs(targetOf(context).query);
  return context.derived.args;
};

const hostOf = ({ request }: FieldContext): string => normaliseRequestHost(request.host);

/** Missing where nobody says which scheme it is. */
const fullUri = (context: FieldContext, path: string): string | undefined => {
  const { scheme } = context.request;
  if (scheme === null) return undefined;
  return `${scheme}://${hostOf(context)}${path}${targetOf(context).search}`;
};

/** What follows the last dot of the last segment, unless that dot opens it. */
const extensionOf = (path: string): string => {
  const segment = path.lastIndexOf('/') + 1;
  const dot = path.lastIndexOf('.');
  return dot > segment ? path.slice(dot + 1) : '';
};

const plain: FieldReaders = {
  'http.host': hostOf,
  'http.request.method': ({ request }) => request.method,
  'http.request.full_uri': (context) => fullUri(context, targetOf(context).path),
  'http.request.uri': (context) => targetOf(context).path + targetOf(context).search,
  'http.request.uri.path': (context) => targetOf(context).path,
  'http.request.uri.path.extension': (context) => lowerAscii(extensionOf(targetOf(context).path)),
};

const raw: FieldReaders = {
  'raw.http.request.full_uri': (context) => fullUri(context, targetOf(context).rawPath),
  'raw.http.request.uri': (context) => targetOf(context).rawPath + targetOf(context).search,
  'raw.http.request.uri.path': (context) => targetOf(context).rawPath,
  'raw.http.request.uri.path.extension': (context) => extensionOf(targetOf(context).rawPath),
};

/** Nothing rewrites a query before the rules see it, so these are the same raw. */
const query: FieldReaders = {
  'http.request.uri.query': (context) => targetOf(context).query,
  'http.request.uri.args': (context) => argsOf(context).lists,
  'http.request.uri.args.names': (context) => argsOf(context).names,
  'http.request.uri.args.values': (context) => argsOf(context).values,
};

const rawQuery: FieldReaders = Object.fromEntries(
  Object.entries(query).map(([name, reader]) => [`raw.${name}`, reader]),
);

export const uriReaders: FieldReaders = { ...plain, ...raw, ...query, ...rawQuery };
