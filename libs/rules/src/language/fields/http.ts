/**
 * Fields of the request line and the headers, and the time of the request. What deriving them has to keep to:
 *
 *   host                without its port, ASCII letters in lower case
 *   full_uri            missing where nobody says which scheme it is
 *   uri.path            in the one spelling that operations are matched by (libs/endpoints), and so in uri and full_uri
 *   uri.path.extension  of the last segment, what follows its last dot, lower-cased; "" without a dot, with nothing
 *                       after it, or when the only dot opens the segment: /a.tar.BZ2 → bz2, /.foo.mp3 → mp3, /.mp3 → ""
 *   uri.args            nothing is decoded, a plus stays a plus, case and bytes stay; a repeated name has its values in
 *                       order; names and values list every pair in order, repeats too: a=1&b&=c&& is (a, 1), (b, ""),
 *                       ("", c)
 *   cookie, referer, user_agent, x_forwarded_for
 *                       "" where the request has no such header
 *   headers             keys lower-cased, values untouched and in order; names keep the case they came in; names and
 *                       values list every line, repeats too, in one order of their own
 *   headers.truncated   true when a limit on headers left some out of the three above; the reference names no limit
 *   cookies             names URL-decoded, names that are then equal merge their values; values untouched
 *   accepted_languages  by weight q, largest first (1 if none is given), else in order; `*` is left out
 */
import { arrayOf, Bool, Bytes, Int, mapOf } from '../types.ts';
import { declare } from './declare.ts';
import type { Field } from './fields.ts';

const text = { filledBy: 'request', type: Bytes } as const;
const list = { filledBy: 'request', type: arrayOf(Bytes) } as const;
const lists = { filledBy: 'request', type: mapOf(arrayOf(Bytes)) } as const;

export const httpFields: readonly Field[] = [
  ...declare(text, {
    'http.cookie': ['Whole Cookie header as it came', '"session=4f2a; theme=dark"'],
    'http.host': ['Host the client asked for, as in its Host header or :authority', '"api.example.com"'],
    'http.referer': ['Referer header: address of the page that led here', '"https://www.example.com/cart"'],
    'http.request.full_uri': [
      'Scheme, host, path and query; never a fragment',
      '"https://api.example.com/cart?id=7"',
    ],
    'http.request.method': ['Method in upper case', '"POST"'],
    'http.request.uri': ['Path with query', '"/cart?id=7"'],
    'http.request.uri.path': ['Path without query', '"/cart/items"'],
    'http.request.uri.path.extension': [
      'File extension of the path in lower case, without its dot; "" if there is none',
      '"html"',
    ],
    'http.request.uri.query': ['Query without its question mark', '"id=7&sort=asc"'],
    'http.user_agent': ['User-Agent header', '"curl/8.5.0"'],
    'http.x_forwarded_for': ['Whole X-Forwarded-For header as it came', '"203.0.113.7, 198.51.100.2"'],
  }),
  ...declare(list, {
    'http.request.accepted_languages': [
      'Language tags of Accept-Language, heaviest first, without "*"; empty if there is no such header',
      '"fr-CH"',
    ],
    'http.request.headers.names': [
      'Name of each header line, in the case it came in, repeats listed again',
      '"content-type"',
    ],
    'http.request.headers.values': [
      'Value of each header line, in the order of http.request.headers.names',
      '"application/json"',
    ],
    'http.request.uri.args.names': ['Name of each query argument in order, not decoded', '"search"'],
    'http.request.uri.args.values': ['Value of each query argument in order, not decoded', '"red+apples"'],
  }),
  ...declare(lists, {
    'http.request.cookies': ['URL-decoded cookie name → its values as they came', '"dark"'],
    'http.request.headers': [
      'Header name in lower case → its values as they came, one for each line',
      '"application/json"',
    ],
    'http.request.uri.args': ['Name of a query argument → its values in order, not decoded', '"red+apples"'],
  }),
  ...declare(
    { filledBy: 'time', type: Int },
    {
      'http.request.timestamp.msec': [
        'Milliseconds within the second of receipt, 0 to 999; not a whole timestamp',
        '857',
      ],
      'http.request.timestamp.sec': ['Unix time of receipt, seconds', '1767225600'],
    },
  ),
  ...declare(
    { filledBy: 'request', type: Bool },
    {
      'http.request.headers.truncated':
        'Whether headers were left out of http.request.headers because there are too many',
    },
  ),
];
