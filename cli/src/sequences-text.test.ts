/** What `precede sequences` prints, as text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamedOperation, SequenceDetail, SequenceView } from './api-client.ts';
import type { Look } from './chart.ts';
import { sequenceText } from './sequence-text.ts';
import { listText } from './sequences-text.ts';

const narrow: Look = { columns: 50, isAscii: false };
const pipe: Look = { columns: Number.POSITIVE_INFINITY, isAscii: true };

const operation = (short_id: string, method: string, endpoint: string): NamedOperation => ({
  operation_id: `${short_id}-0000-4000-8000-000000000000`,
  short_id,
  method,
  host: 'shop.example.com',
  endpoint,
});
const cart = operation('0000000a', 'GET', '/api/v1/customers/{var1}/cart/contents');
const checkout = operation('0000000b', 'POST', '/checkout');
const gone: NamedOperation = {
  operation_id: null,
  short_id: '0000000c',
  method: null,
  host: null,
  endpoint: null,
};

const view: SequenceView = {
  id: 'precedence.0000000a.0000000b',
  operations: [cart, checkout],
  score: 0.75,
  low: 0.6,
  high: 0.85,
  support: 75,
  last_support: 100,
  sessions: 15,
  undercount: 0,
};

test('a list says what its numbers mean and shows each sequence with bar, interval, support and path', () => {
  const text = listText(
    { kind: 'precedence', items: [view], total: 1, messages: ['scores computed at noon'] },
    pipe,
  );

  assert.deepEqual(text.split('\n'), [
    'scores computed at noon',
    'score: the share of requests of the last operation that come directly after the others, in this order',
    'then its 99 % interval, support of occurrences of the last operation, and sessions with it',
    '########.. 0.750  [0.600, 0.850]  75 of 100  15 sessions',
    '          0000000a GET  shop.example.com/api/v1/customers/{var1}/cart/contents',
    '       -> 0000000b POST shop.example.com/checkout',
    '          precedence.0000000a.0000000b',
  ]);
});

test('a narrow terminal cuts long paths in the middle and no line grows beyond it', () => {
  const text = listText({ kind: 'correlation', items: [view], total: 1, messages: [] }, narrow);
  const [, , , path = '', last = ''] = text.split('\n');

  assert.match(text, /███████▌░░ 0\.750 {2}75 of 100/);
  assert.ok(path.endsWith('/contents') && path.includes('…') && path.length <= narrow.columns, path);
  assert.match(last, / → 0000000b POST shop\.example\.com\/checkout/);
});

test('says where a support may be short, sessions are an estimate, and an operation is no longer known', () => {
  const vague = { ...view, operations: [gone, checkout], undercount: 4, sessions: 32 };

  const text = listText({ kind: 'precedence', items: [vague], total: 9, messages: [], page: 2 }, pipe);

  assert.match(text, /75 \(or up to 4 more\) of 100 {2}about 32 sessions/);
  assert.match(text, /0000000c {6}\(no longer known\)/);
  assert.match(text, /1 of 9, page 2$/);
});

test('an empty list gives the reason of the instance first', () => {
  const empty = { kind: 'precedence', items: [], messages: ['no scores yet'] } as const;

  assert.match(listText({ ...empty, total: 0 }, pipe), /^no scores yet\nno sequence fits/);
  assert.match(listText({ ...empty, total: 3, page: 9 }, pipe), /no sequence on this page; there are 3$/);
});

const hours = [
  { hour: '2026-11-21T10:00:00.000000Z', occurrences: 10, last_occurrences: 20 },
  { hour: '2026-11-21T11:00:00.000000Z', occurrences: 0, last_occurrences: 0 },
  { hour: '2026-11-21T12:00:00.000000Z', occurrences: 5, last_occurrences: 5 },
];
const session = {
  session_id: 'abcdef0123456789abcdef0123456789',
  first: '2026-11-21T11:00:00.000000Z',
  last: '2026-11-21T11:00:09.000000Z',
  length: 12,
  cut: 0,
  places: 1,
};
const at = (second: number, o: NamedOperation) => ({ ...o, time: `2026-11-21T11:00:0${second}.000000Z` });

const detail: SequenceDetail = {
  ...view,
  kind: 'precedence',
  computed_at: '2026-11-21T12:30:00.000000Z',
  window: { from: '2026-11-20T12:00:00.000000Z', to: '2026-11-21T12:30:00.000000Z' },
  is_exact: true,
  is_listed: true,
  rule: {
    sequence: [cart.operation_id ?? '', checkout.operation_id ?? ''],
    lookback: { score: 0.9, low: 0.8, high: 0.95, support: 90, last_support: 100 },
  },
  history: [
    { computed_at: '2026-11-21T11:30:00.000000Z', score: 0.5 },
    { computed_at: '2026-11-21T12:00:00.000000Z', score: null },
    { computed_at: '2026-11-21T12:30:00.000000Z', score: 0.75 },
  ],
  hours,
  examples: {
    examined: 40,
    is_all: true,
    with: [{ ...session, steps: [at(1, cart), at(4, checkout)] }],
    without: [{ ...session, places: 2, cut: 3, steps: [0, 1, 2, 3, 4].map((i) => at(i, checkout)) }],
  },
};
const linesOf = (sequence: SequenceDetail, target = ['--zone', 'shop']): readonly string[] =>
  sequenceText({ sequence, messages: ['scores computed at noon'], target }, pipe).split('\n');

test('one sequence shows score, history with its gaps, and hours', () => {
  const lines = linesOf(detail);

  assert.ok(lines.includes('########.. 0.750  99 % interval [0.600, 0.850]'));
  assert.ok(lines.includes('75 of 100 occurrences of its last operation, in 15 sessions'));
  assert.ok(lines.includes('  + #'));
  assert.ok(
    lines.includes(
      '  2026-11-21 11:30 to 2026-11-21 12:30; lowest 0.500, highest 0.750; 1 of 3 points without it',
    ),
  );
  assert.ok(lines.includes('  2026-11-21 10:00  ##########..........  10 of 20'));
  assert.ok(lines.includes('  2026-11-21 12:00  #####                 5 of 5'));
  assert.ok(lines.includes('  nothing in the other 1 hours'));
});

test('example sessions show their steps with times, a counter-example the last ones alone', () => {
  const text = linesOf(detail).join('\n');

  assert.match(text, /Sessions with it, newest first \(of all 40 closed sessions\)/);
  assert.match(text, /session abcdef012345 {2}2026-11-21 11:00:00 to 11:00:09, 12 requests:\n/);
  assert.match(text, / 11:00:01 {4}0000000a GET .*\n +11:00:04 -> 0000000b POST /);
  assert.match(
    text,
    /12 requests, the oldest 3 not kept, 2 times, the last of them:\n +1 more before\n +11:00:01 {4}/,
  );
});

test('the command that makes a rule can be copied, whatever is in names and zone', () => {
  const hostile = { ...checkout, endpoint: "/it's $(rm)\u001b[2J" };
  const lines = linesOf({ ...detail, operations: [cart, hostile] }, [
    '--zone',
    'my $HOME zone',
    '--data',
    '/d',
  ]);

  const command = lines.find((line) => line.includes('precede rules add')) ?? '';
  assert.equal(
    command,
    `  precede rules add 0000000a 0000000b --title '/api/v1/c.../contents before /it'\\''s $(rm)�[2J' --action log --zone 'my $HOME zone' --data /d`,
  );
  assert.ok(lines.some((line) => line.includes('let through 90.0 % of the last operation: 90 of 100')));
});

test('says what is not there: no score, no rule, no counts, no session, no wish for sessions', () => {
  const bare: SequenceDetail = {
    ...detail,
    score: null,
    low: null,
    high: null,
    support: null,
    last_support: null,
    sessions: null,
    undercount: null,
    is_listed: null,
    rule: null,
    history: [],
    hours: [],
    is_exact: false,
    examples: { examined: 20_000, is_all: false, with: [], without: [] },
  };

  const text = linesOf(bare).join('\n');

  assert.match(text, /these scores have none of this sequence/);
  assert.match(text, /no score of it is kept/);
  assert.match(text, /12:30, not exact/);
  assert.match(text, /the newest 20000 closed sessions\)\n {2}none\n/);
  assert.match(text, /none can be made: both operations must be saved/);
  assert.doesNotMatch(linesOf({ ...bare, examples: null }).join('\n'), /Sessions with/);
  assert.doesNotMatch(text, /NaN|null|undefined|Infinity/);
});
