/**
 * Claims of the JSON web tokens (RFC 7519) of the request. Only a token that verifies has claims here, under the id of
 * the token configuration that verified it; `names` are those ids, `values` the claims of all of them.
 * A string `aud` counts as an array of one.
 */
import { arrayOf, Bytes, Int, mapOf, type Type } from '../types.ts';
import { declare } from './declare.ts';
import type { Field } from './fields.ts';

const claim = (name: string, meaning: string, item: Type, example: string): readonly Field[] => [
  ...declare(
    { filledBy: 'precede', type: mapOf(arrayOf(item)) },
    {
      [`http.request.jwt.claims.${name}`]: [`Token configuration id → ${meaning}`, example],
    },
  ),
  ...declare(
    { filledBy: 'precede', type: arrayOf(Bytes) },
    {
      [`http.request.jwt.claims.${name}.names`]: [
        `Ids of the token configurations that http.request.jwt.claims.${name} has`,
        '"3f6c1c52-0d2b-4c5a-9a53-4c3f6a1e2b70"',
      ],
    },
  ),
  ...declare(
    { filledBy: 'precede', type: arrayOf(item) },
    {
      [`http.request.jwt.claims.${name}.values`]: [`Of every verified token, ${meaning}`, example],
    },
  ),
];

export const jwtFields: readonly Field[] = [
  ...declare(
    { filledBy: 'precede', type: mapOf(arrayOf(Bytes)) },
    {
      'http.request.jwt.claims': [
        'Token configuration id → all claims of the token as one JSON text, for lookup_json_string',
        '"{\\"sub\\":\\"ann\\"}"',
      ],
    },
  ),
  ...claim('aud', 'whom the token is for (aud)', Bytes, '"https://api.example.com"'),
  ...claim('iat.sec', 'when the token was issued (iat), Unix seconds', Int, '1767225600'),
  ...claim('iss', 'who issued the token (iss)', Bytes, '"https://login.example.com"'),
  ...claim('jti', 'the id of the token itself (jti)', Bytes, '"b1c7"'),
  ...claim('nbf.sec', 'from when on the token counts (nbf), Unix seconds', Int, '1767225600'),
  ...claim('sub', 'whom the token speaks of (sub)', Bytes, '"ann"'),
];
