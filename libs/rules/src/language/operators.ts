/** The comparison operators: how they are written, for which types, in which order their notations are tried. */
import type { Type } from './types.ts';

export interface Operator {
  readonly name: string;
  /** Both notations; what begins another token stands after it. */
  readonly tokens: readonly string[];
  /** Types of the left side. */
  readonly types: readonly Type['kind'][];
  /** One line. */
  readonly doc: string;
  readonly example: string;
}

const scalar = ['int', 'bytes', 'ip'] as const;
const ordered = ['int', 'bytes'] as const;

export const operators: readonly Operator[] = [
  {
    name: 'in',
    tokens: ['in'],
    types: scalar,
    doc: 'one of the members of {…}, parted by spaces, or of the named list $name',
    example: 'http.request.method in {"PUT" "DELETE"}',
  },
  {
    name: 'eq',
    tokens: ['eq', '=='],
    types: scalar,
    doc: 'equal',
    example: 'http.host eq "api.example.com"',
  },
  {
    name: 'ne',
    tokens: ['ne', '!='],
    types: scalar,
    doc: 'there, and not equal; false if the value is missing',
    example: 'http.host ne "api.example.com"',
  },
  {
    name: 'ge',
    tokens: ['ge', '>='],
    types: ordered,
    doc: 'greater or equal',
    example: 'cf.threat_score ge 10',
  },
  {
    name: 'le',
    tokens: ['le', '<='],
    types: ordered,
    doc: 'less or equal',
    example: 'cf.threat_score le 10',
  },
  {
    name: 'gt',
    tokens: ['gt', '>'],
    types: ordered,
    doc: 'greater; texts by their bytes',
    example: 'cf.threat_score gt 10',
  },
  {
    name: 'lt',
    tokens: ['lt', '<'],
    types: ordered,
    doc: 'less; texts by their bytes',
    example: 'cf.threat_score lt 10',
  },
  {
    name: 'bitwise_and',
    tokens: ['&', 'bitwise_and'],
    types: ['int'],
    doc: 'a bit is set in both',
    example: 'cf.threat_score & 4',
  },
  {
    name: 'contains',
    tokens: ['contains'],
    types: ['bytes'],
    doc: 'has the text in it',
    example: 'http.request.uri.path contains "/cart"',
  },
  {
    name: 'matches',
    tokens: ['~', 'matches'],
    types: ['bytes'],
    doc: 'a regular expression in the syntax of Rust matches some part',
    example: 'http.request.uri.path matches r"^/v[0-9]+/items"',
  },
  {
    name: 'wildcard',
    tokens: ['wildcard'],
    types: ['bytes'],
    doc: 'the whole value fits, * standing for anything; ASCII letters in either case',
    example: 'http.request.full_uri wildcard "https://*.example.com/shop/*"',
  },
  {
    name: 'strict wildcard',
    tokens: ['strict wildcard'],
    types: ['bytes'],
    doc: 'the whole value fits, * standing for anything; case sensitive',
    example: 'http.request.uri.path strict wildcard "/Shop/*"',
  },
];
