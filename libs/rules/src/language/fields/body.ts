/**
 * Fields of the request body. A body longer than what the gateway buffers is cut: `truncated` is then true, and every
 * field but `size` speaks of the part that was sent. What deriving them has to keep to:
 *
 *   size       of a cut body what Content-Length says; without it what was sent, as it is at least that
 *   form       only of Content-Type application/x-www-form-urlencoded, else missing; nothing is decoded, order and
 *              repeats as in the body, pairs as in http.request.uri.args
 *   mime       guessed from the first bytes of the body, not from Content-Type; "" where they look like nothing known
 *   multipart  one item for each part, in order, of at most 128; where an item is an array, it holds what that part
 *              says, and a part that says nothing has an empty one. So `names[*][0]` is the name of each part that has
 *              one. Missing for other bodies
 */
import { arrayOf, Bool, Bytes, Int, mapOf } from '../types.ts';
import { declare } from './declare.ts';
import type { Field } from './fields.ts';

const base = { filledBy: 'request', needsBody: true } as const;
const ofEachPart = { ...base, type: arrayOf(arrayOf(Bytes)) } as const;

export const bodyFields: readonly Field[] = [
  ...declare(
    { ...base, type: Bytes },
    {
      'http.request.body.mime': ['Media type that the first bytes of the body look like', '"image/png"'],
      'http.request.body.raw': ['Body as it came, up to what the gateway buffers', '"{}"'],
    },
  ),
  ...declare(
    { ...base, type: Int },
    {
      'http.request.body.size': ['Length of the whole body in bytes, also of what was cut off', '1048576'],
    },
  ),
  ...declare(
    { ...base, type: Bool },
    {
      'http.request.body.truncated': 'Whether the other body fields speak of the beginning of the body only',
    },
  ),
  ...declare(
    { ...base, type: arrayOf(Bytes) },
    {
      'http.request.body.form.names': [
        'Name of each field of a URL-encoded form in order, not decoded',
        '"user"',
      ],
      'http.request.body.form.values': [
        'Value of each field of a URL-encoded form in order, not decoded',
        '"ann"',
      ],
      'http.request.body.multipart.values': ['Content of each part of a multipart body', '"editor"'],
    },
  ),
  ...declare(
    { ...base, type: mapOf(arrayOf(Bytes)) },
    {
      'http.request.body.form': [
        'Name of a URL-encoded form field → its values in order, not decoded',
        '"ann"',
      ],
      'http.request.body.multipart': [
        'Name of a part of a multipart body → the contents of such parts',
        '"editor"',
      ],
    },
  ),
  ...declare(ofEachPart, {
    'http.request.body.multipart.content_dispositions': [
      'Content-Disposition of each part, an array for a part',
      '"form-data; name=\\"avatar\\""',
    ],
    'http.request.body.multipart.content_transfer_encodings': [
      'Content-Transfer-Encoding of each part, an array for a part',
      '"base64"',
    ],
    'http.request.body.multipart.content_types': [
      'Content-Type of each part, an array for a part',
      '"image/png"',
    ],
    'http.request.body.multipart.filenames': ['File name of each part, an array for a part', '"cat.png"'],
    'http.request.body.multipart.names': ['Name of each part, an array for a part', '"avatar"'],
  }),
];
