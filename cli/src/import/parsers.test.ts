import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloudTrailRecords, parseCloudTrail } from './cloudtrail.ts';
import { parseCombined } from './combined.ts';
import { parseSessionChoice, parseTime } from './event.ts';
import { parseNdjson } from './ndjson.ts';

const host = 'shop.example.com';
const line = (request: string, time = '17/May/2015:10:05:03 +0200'): string =>
  `83.149.9.216 - frank [${time}] "${request}" 200 2326 "http://example.com/" "Mozilla/5.0 (\\"quoted\\")"`;

test('reads a combined line with zone, size and escaped quotes', () => {
  const parsed = parseCombined(line('GET /a?b=c HTTP/1.1'), { host, session: { kind: 'client' } });

  assert.ok('event' in parsed);
  assert.deepEqual(parsed.event, {
    timeMs: Date.UTC(2015, 4, 17, 8, 5, 3),
    method: 'GET',
    host,
    path: '/a?b=c',
    status: 200,
    bytes: 2326,
    session: '83.149.9.216\nMozilla/5.0 (\\"quoted\\")',
  });
});

test('takes the host of an absolute request target', () => {
  const parsed = parseCombined(line('GET http://other.example.com/x HTTP/1.1'), {
    host,
    session: { kind: 'client' },
  });

  assert.ok('event' in parsed);
  assert.deepEqual([parsed.event.host, parsed.event.path], ['other.example.com', '/x']);
});

test('names what is wrong with a combined line', () => {
  const reason = (text: string): string => {
    const parsed = parseCombined(text, { host, session: { kind: 'client' } });
    return 'refused' in parsed ? parsed.refused : '';
  };

  assert.equal(reason(line('GET / HTTP/1.1').slice(0, -1)), 'not a line of the combined format');
  assert.equal(reason('hello'), 'not a line of the combined format');
  assert.equal(reason(line('\\x16\\x03')), 'the request is not "METHOD target"');
  assert.equal(reason(line('OPTIONS * HTTP/1.0')), 'the request target is no path');
  assert.equal(reason(line('GET / HTTP/1.1', '17/Foo/2015:10:05:03 +0200')), 'no such time');
});

test('a header session of a combined line is the user agent or the referrer', () => {
  const parsed = parseCombined(line('GET / HTTP/1.1'), {
    host,
    session: { kind: 'header', name: 'Referer' },
  });

  assert.ok('event' in parsed);
  assert.deepEqual(parsed.event.session, { type: 'header', name: 'Referer', value: 'http://example.com/' });
});

test('reads NDJSON and picks the session that was asked for', () => {
  const text = JSON.stringify({
    time: '2026-01-02T03:04:05.678Z',
    method: 'GET',
    host,
    path: '/',
    session: 's',
    headers: { Cookie: 'a=1; sid=xyz', 'X-Key': ['k'] },
  });
  const sessionWith = (choice: string): unknown => {
    const parsed = parseNdjson(text, parseSessionChoice(choice));
    return 'event' in parsed ? parsed.event.session : undefined;
  };

  assert.equal(sessionWith('field'), 's');
  assert.deepEqual(sessionWith('cookie:sid'), { type: 'cookie', name: 'sid', value: 'xyz' });
  assert.deepEqual(sessionWith('header:x-key'), { type: 'header', name: 'x-key', value: 'k' });
  const asIs = parseNdjson(text, undefined);
  assert.ok('event' in asIs && asIs.event.headers !== undefined && asIs.event.session === 's');
});

test('refuses NDJSON without time, method, host or path, and what is no object', () => {
  const reason = (value: unknown): string => {
    const parsed = parseNdjson(typeof value === 'string' ? value : JSON.stringify(value), undefined);
    return 'refused' in parsed ? parsed.refused : '';
  };

  assert.equal(reason('{'), 'not JSON');
  assert.equal(reason('[1]'), 'not a JSON object');
  assert.match(reason({ method: 'GET', host, path: '/' }), /^time:/);
  assert.equal(reason({ time: 1, host, path: '/' }), 'method: must be text');
});

test('an API call of CloudTrail becomes an operation of its caller', () => {
  const record = {
    eventTime: '2023-07-10T12:11:15Z',
    eventName: 'CreateVolume',
    eventSource: 'ec2.amazonaws.com',
    userIdentity: { arn: 'arn:x', accessKeyId: 'KEY' },
    errorCode: 'AccessDenied',
  };

  const parsed = parseCloudTrail(cloudTrailRecords(JSON.stringify({ Records: [record] }))[0], undefined);

  assert.ok('event' in parsed);
  assert.deepEqual(parsed.event, {
    timeMs: Date.UTC(2023, 6, 10, 12, 11, 15),
    method: 'POST',
    host: 'ec2.amazonaws.com',
    path: '/CreateVolume',
    status: 400,
    session: 'KEY',
  });
});

test('times are RFC 3339 or milliseconds, nothing looser', () => {
  assert.equal(parseTime('2026-01-02T03:04:05+01:00'), Date.UTC(2026, 0, 2, 2, 4, 5));
  assert.equal(parseTime(12.4), 12);
  assert.equal(parseTime('2026-01-02'), undefined);
  assert.equal(parseTime('tomorrow'), undefined);
  assert.equal(parseTime(null), undefined);
});
