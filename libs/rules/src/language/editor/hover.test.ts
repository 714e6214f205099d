import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hoverAt } from './hover.ts';
import { lists, operations } from './known-names.fixture.ts';

const options = { operations, lists };

const hovered = (marked: string): readonly string[] | undefined =>
  hoverAt(marked.replace('|', ''), marked.indexOf('|'), options)?.lines;

test('shows what a word means', () => {
  assert.deepEqual(hovered('ssl and http.ho|st eq '), [
    'http.host Bytes',
    'Host the client asked for, as in its Host header or :authority',
    'derived from the request',
    'for example "api.example.com"',
  ]);
  assert.match(hovered('http.request.body.si|ze')?.[2] ?? '', /the gateway has to send the body$/);
  assert.deepEqual(hovered('low|er(')?.slice(0, 1), ['lower(source Bytes)']);
  assert.deepEqual(hovered('cf.threat_score >|= 5')?.slice(0, 2), ['ge or >=', 'greater or equal']);
  assert.deepEqual(hovered('http.host stri|ct wildcard')?.slice(0, 1), ['strict wildcard']);
  assert.deepEqual(hovered('http.host strict wild|card')?.slice(0, 1), ['strict wildcard']);
  assert.deepEqual(hovered('http.host wild|card')?.slice(0, 1), ['wildcard']);
  assert.deepEqual(hovered('a|ny((')?.slice(0, 1), ['any']);
  assert.deepEqual(hovered('ssl &|& ssl')?.slice(0, 1), ['and or &&']);
  assert.deepEqual(hovered('ssl|')?.slice(0, 1), ['ssl Bool']);
});

test('shows what a literal means', () => {
  assert.deepEqual(hovered('cf.sequence.current_op eq "10ad|1de0"'), ['POST api.example.com/cart']);
  assert.deepEqual(hovered('cf.sequence.current_op eq "10ad1de0|'), ['POST api.example.com/cart']);
  assert.deepEqual(hovered('cf.threat_score eq 01|0'), ['8 in decimal']);
  assert.deepEqual(hovered('cf.threat_score eq 0x|1f'), ['31 in decimal']);
  assert.deepEqual(hovered('ip.src in {192.0.2.0/|24}'), ['192.0.2.0 to 192.0.2.255']);
  assert.deepEqual(hovered('http.host eq 61:6|2:63'), ['"abc"']);
  assert.deepEqual(hovered('http.host eq "|é"'), ['2 bytes']);
  assert.deepEqual(hovered('http.host eq "|\\x00"'), ['1 byte']);
  assert.deepEqual(hovered('ip.src in $b|ad'), ['list of ip, 1 items']);
});

test('shows nothing where there is nothing to say', () => {
  for (const marked of [
    '|',
    'ssl | and',
    'x|yz',
    '"a|bc"',
    'cf.threat_score eq 1|0',
    'ip.src in $oth|er',
    '1.2.|',
    '192.0.2.|1',
    '"\\|q"',
  ])
    assert.equal(hovered(marked), undefined, marked);
  assert.equal(hoverAt('ip.src in $bad', 12), null);
});
