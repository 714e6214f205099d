/**
 * Raw fields: the request as it came to the gateway. Rules that rewrite the request change the plain fields for the
 * rules after them and never these. They are derived as their counterparts in http.ts are, from the request of the
 * client; only that the path is as sent, in no normal spelling, and the extension keeps its case.
 */
import { arrayOf, Bytes, mapOf } from '../types.ts';
import { declare } from './declare.ts';
import type { Field } from './fields.ts';

export const rawFields: readonly Field[] = [
  ...declare(
    { filledBy: 'request', type: Bytes },
    {
      'raw.http.request.full_uri': [
        'http.request.full_uri before any rewrite',
        '"https://api.example.com/cart?id=7"',
      ],
      'raw.http.request.uri': ['http.request.uri before any rewrite', '"/cart?id=7"'],
      'raw.http.request.uri.path': ['http.request.uri.path before any rewrite', '"/cart/items"'],
      'raw.http.request.uri.path.extension': [
        'File extension of the path before any rewrite, in the case it came in',
        '"HTML"',
      ],
      'raw.http.request.uri.query': ['http.request.uri.query before any rewrite', '"id=7&sort=asc"'],
    },
  ),
  ...declare(
    { filledBy: 'request', type: arrayOf(Bytes) },
    {
      'raw.http.request.headers.names': ['http.request.headers.names before any rewrite', '"content-type"'],
      'raw.http.request.headers.values': [
        'http.request.headers.values before any rewrite',
        '"application/json"',
      ],
      'raw.http.request.uri.args.names': ['http.request.uri.args.names before any rewrite', '"search"'],
      'raw.http.request.uri.args.values': ['http.request.uri.args.values before any rewrite', '"red+apples"'],
    },
  ),
  ...declare(
    { filledBy: 'request', type: mapOf(arrayOf(Bytes)) },
    {
      'raw.http.request.headers': ['http.request.headers before any rewrite', '"application/json"'],
      'raw.http.request.uri.args': ['http.request.uri.args before any rewrite', '"red+apples"'],
    },
  ),
];
