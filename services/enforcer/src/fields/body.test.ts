import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fields } from '@precede/rules';
import fc from 'fast-check';
import type { FieldContext } from './context.ts';
import { anyBytes, contextOf, read } from './fields.test-kit.ts';
import { maxParts, parseMultipart } from './multipart.ts';
import { readerOf } from './readers.ts';

const withBody = (
  text: string,
  headers: Readonly<Record<string, string>> = {},
  isBodyCut = false,
): FieldContext =>
  contextOf({ body: Buffer.from(text, 'latin1'), headers: new Map(Object.entries(headers)), isBodyCut });

const form = { 'content-type': 'Application/X-WWW-Form-Urlencoded; charset=utf-8' };
const multipart = { 'content-type': 'multipart/form-data; boundary="x y"' };
const readPart = (name: string, context: FieldContext) => read(`http.request.body.multipart${name}`, context);

test('has no value for any field of a body that was not sent', () => {
  const context = contextOf({ headers: new Map([['content-type', 'application/x-www-form-urlencoded']]) });

  for (const field of fields)
    if (field.needsBody) assert.equal(readerOf(field)(context), undefined, field.name);
});

test('has the bytes of the body, and its length as far as it is known', () => {
  const bytes = '\0\xff{}';

  assert.equal(read('http.request.body.raw', withBody(bytes)), bytes);
  assert.equal(read('http.request.body.raw', withBody('')), '');
  assert.equal(read('http.request.body.truncated', withBody(bytes)), false);
  assert.equal(read('http.request.body.truncated', withBody(bytes, {}, true)), true);
  const size = (length: string, isCut: boolean) =>
    read('http.request.body.size', withBody(bytes, { 'content-length': length }, isCut));
  assert.equal(size('1048576', true), 1_048_576);
  assert.equal(size('1048576', false), 4);
  for (const length of ['', '3', '-9', '1e9', '9'.repeat(30)]) assert.equal(size(length, true), 4, length);
});

test('reads forms as they came, and only forms', () => {
  const context = withBody('user=ann&b&user=%62+c&&=d', form);

  assert.deepEqual(read('http.request.body.form.names', context), ['user', 'b', 'user', '']);
  assert.deepEqual(read('http.request.body.form.values', context), ['ann', '', '%62+c', 'd']);
  assert.deepEqual((read('http.request.body.form', context) as ReadonlyMap<string, unknown>).get('user'), [
    'ann',
    '%62+c',
  ]);
  for (const type of ['', 'text/plain', 'application/x-www-form-urlencoded2'])
    assert.equal(read('http.request.body.form', withBody('a=b', { 'content-type': type })), undefined);
});

test('reads the parts of a multipart body in order', () => {
  const context = withBody(
    [
      'preamble',
      '--x y',
      'Content-Disposition: form-data; name="role"',
      '',
      'editor',
      '--x y  ',
      'content-disposition: form-data; name="avatar"; filename="a\\"b;c.png"; filename*=utf-8\'\'%63.png',
      'CONTENT-TYPE:  image/png ',
      'Content-Transfer-Encoding: base64',
      '',
      '--x yz\r\n--x',
      '',
      '--x y',
      '',
      'nameless',
      '--x y',
      'Content-Disposition: form-data;',
      ' name=role',
      '',
      '',
      '--x y--',
      'epilogue',
      '--x y',
      '',
      'not read',
    ].join('\r\n'),
    multipart,
  );

  assert.deepEqual(readPart('.values', context), ['editor', '--x yz\r\n--x\r\n', 'nameless', '']);
  assert.deepEqual(readPart('.names', context), [['role'], ['avatar'], [], ['role']]);
  assert.deepEqual(readPart('.filenames', context), [[], ['a"b;c.png', "utf-8''%63.png"], [], []]);
  assert.deepEqual(readPart('.content_types', context), [[], ['image/png'], [], []]);
  assert.deepEqual(readPart('.content_transfer_encodings', context), [[], ['base64'], [], []]);
  assert.deepEqual((readPart('.content_dispositions', context) as readonly unknown[])[3], [
    'form-data; name=role',
  ]);
  assert.deepEqual(
    readPart('', context),
    new Map([
      ['role', ['editor', '']],
      ['avatar', ['--x yz\r\n--x\r\n']],
    ]),
  );
});

test('takes what is there of a multipart body that is cut, or has bare line feeds', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['--x y\nContent-Disposition: a; name=b\n\nc\n--x y--', ['c']],
    ['--x y\r\n\r\ncontent that goes o', ['content that goes o']],
    ['--x y\r\nContent-Dispo', ['']],
    ['--x y\r\n\r\na\r\n--x y', ['a']],
    ['--x y\r\n--x y\r\n\r\nb\r\n--x y--', ['', 'b']],
    ['--x', []],
    ['', []],
  ];
  for (const [body, contents] of rows)
    assert.deepEqual(readPart('.values', withBody(body, multipart, true)), contents, JSON.stringify(body));
  for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', 'text/plain; boundary=x'])
    assert.equal(readPart('', withBody('--x\r\n\r\n', { 'content-type': type })), undefined, type);
});

test('reads a bounded number of parts', () => {
  assert.equal(parseMultipart('--x\r\n\r\na\r\n'.repeat(maxParts + 9), 'x').length, maxParts);
});

test('finds the parts again that a multipart body was made of', () => {
  const contents = fc.array(
    anyBytes(40).filter((content) => !`\n${content}`.includes('\n--')),
    { minLength: 1, maxLength: 8 },
  );

  fc.assert(
    fc.property(contents, (given) => {
      const parts = given.map(
        (content, at) => `--b\r\nContent-Disposition: a; name=${at}\r\n\r\n${content}\r\n`,
      );
      const found = parseMultipart(`${parts.join('')}--b--\r\n`, 'b');

      assert.deepEqual(
        found.map(({ names, content }) => [names, content]),
        given.map((content, at) => [[String(at)], content]),
      );
    }),
  );
});

test('tells media types by the first bytes', () => {
  const rows = {
    '\x89PNG\r\n\x1a\nIHDR': 'image/png',
    '\xff\xd8\xff\xe0': 'image/jpeg',
    'GIF89a..': 'image/gif',
    'RIFF\x10\0\0\0WEBPVP8 ': 'image/webp',
    'RIFF\x10\0\0\0????': '',
    '\0\0\0\x18ftypisom': 'video/mp4',
    '\0\0\0\x18ftypqt  ': 'video/quicktime',
    '%PDF-1.7': 'application/pdf',
    'PK\x03\x04..': 'application/zip',
    '\x1f\x8b\x08\0': 'application/gzip',
    MZ: 'application/vnd.microsoft.portable-executable',
    '\x7fELF\x02': 'application/x-executable',
    [`${'\0'.repeat(257)}ustar`]: 'application/x-tar',
    '#!/bin/sh': 'text/x-shellscript',
    '\xef\xbb\xbf <!DOCTYPE html>': 'text/html',
    '<HTML ': 'text/html',
    '<htmlx>': '',
    '<?xml version="1.0"?>': 'text/xml',
    '{"a": 1}': '',
    'user=ann': '',
    '': '',
  };
  for (const [body, type] of Object.entries(rows))
    assert.equal(read('http.request.body.mime', withBody(body)), type, JSON.stringify(body));
});
