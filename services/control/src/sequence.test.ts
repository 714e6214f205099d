/** One sequence: score, rule, history, hours, and sessions with and without it, against a real ClickHouse. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { faultsOf, zoneId } from './harness.test-kit.ts';
import { deletedShortId, millis, type ScoresKit, seconds, startScoresKit } from './scores.test-kit.ts';
import { parseSequenceId } from './sequence-view.ts';

const otherZone = 'f'.repeat(32);
const hour = 3_600_000;
const noon = Date.UTC(2026, 10, 21, 12);
let kit: ScoresKit;

before(async () => {
  kit = await startScoresKit();
  await kit.control.call('POST', '/zones', { name: 'bank', id: otherZone });
});
after(() => kit?.close());

const shortIds = (places: readonly number[]): readonly string[] =>
  places.map((i) => (kit.shorts[i] ?? deletedShortId).toString(16).padStart(8, '0'));
const idOf = (kind: string, places: readonly number[]): string => [kind, ...shortIds(places)].join('.');

const read = (kind: string, places: readonly number[], query = '', zone = zoneId) =>
  kit.control.call('GET', `/zones/${zone}/api_gateway/sequences/${idOf(kind, places)}?${query}`);

interface Session {
  readonly path: readonly number[];
  readonly lastMs: number;
  readonly offset: number;
  readonly cut?: number;
  readonly zone?: string;
}

/** A request each second, the last one at `lastMs`. */
const storeSessions = (sessions: readonly Session[]): Promise<void> =>
  kit.clickhouse.insert(
    'sessions',
    [
      'zone_id',
      'session_id',
      'source',
      'first',
      'last',
      'length',
      'operations',
      'times',
      'cut',
      'ended',
      'topic',
      'partition',
      'offset',
    ],
    sessions.map(({ path, lastMs, offset, cut = 0, zone = zoneId }) => {
      const times = path.map((_, i) => millis(lastMs - (path.length - 1 - i) * 1_000));
      return [
        zone,
        offset.toString(16).padStart(32, '0'),
        'live',
        times[0] ?? millis(lastMs),
        millis(lastMs),
        path.length + cut,
        path.map((i) => kit.shorts[i]),
        times,
        cut,
        'gap',
        't',
        0,
        offset,
      ];
    }),
  );

const countColumns = ['zone_id', 'hour', 'operations', 'partition', 'epoch', 'occurrences', 'sessions'];
type CountRow = readonly [
  ms: number,
  places: readonly number[],
  firstLength: number,
  collapsed: number,
  raw: number,
];

/** Each in a partition of its own, so that their occurrences are added. */
const storeCounts = (rows: readonly CountRow[], zone = zoneId): Promise<void> =>
  kit.clickhouse.insert(
    'sequence_counts',
    [...countColumns, 'first_length', 'raw_occurrences'],
    rows.map(([ms, places, firstLength, collapsed, raw], partition) => [
      zone,
      seconds(ms),
      places.map((p) => kit.shorts[p]),
      partition,
      1,
      collapsed,
      [1],
      firstLength,
      raw,
    ]),
  );

test('an id of another form is a route that does not exist', async () => {
  const a = 'aaaaaaaa';
  const hostile = [
    'precedence',
    `precedence.${a}`,
    `precedence.${a}.`,
    `precedence.${a}.bbbb`,
    `precedence.${a}.gggggggg`,
    `rules.${a}.${a}`,
    `lookback.${a}.${a}.${a}`,
    `precedence.${Array(10).fill(a).join('.')}`,
    `precedence.${a}.${a}' OR 1=1 --`,
    `precedence.${'a'.repeat(5_000)}`,
    `__proto__.${a}.${a}`,
    '%00',
    '..%2f..%2fzones',
  ];
  for (const id of hostile) {
    const url = `/zones/${zoneId}/api_gateway/sequences/${id.includes('%') ? id : encodeURIComponent(id)}`;
    const answer = await kit.control.call('GET', url);

    assert.deepEqual([answer.status, faultsOf(answer)], [404, [[7003, undefined]]], id);
  }
});

test('reads ids as the list writes them', () => {
  const nine = Array.from({ length: 9 }, (_, i) => i.toString(16).padStart(8, '0')).join('.');

  assert.deepEqual(parseSequenceId('lookback.0000000a.ffffffff'), {
    kind: 'lookback',
    operations: [10, 0xffffffff],
  });
  assert.deepEqual(parseSequenceId('PRECEDENCE.0000000A.00000001')?.operations, [10, 1]);
  assert.equal(parseSequenceId(`correlation.${nine}`)?.operations.length, 9);
  assert.equal(parseSequenceId(`correlation.${nine}.00000000`), undefined);
});

test('refuses parameters out of range, each by its name', async () => {
  const answer = await read('precedence', [0, 1], 'at=x&from=1&to=&points=0&examples=21&limit=3');
  const backwards = await read('precedence', [0, 1], 'from=2026-11-21T12:00:00Z&to=2026-11-21T11:00:00Z');

  assert.equal(answer.status, 400);
  const messages = answer.body.errors.map((e: { message: string }) => e.message).join('\n');
  for (const name of ['at', 'from', 'to', 'points', 'examples'])
    assert.match(messages, new RegExp(`query parameter ${name}: `));
  assert.match(messages, /unknown query parameter limit/);
  assert.deepEqual([backwards.status, faultsOf(backwards)], [400, [[1006, undefined]]]);
  assert.match(backwards.body.errors[0].message, /query parameter from: must not be after to/);
});

test('without any score a sequence is unknown and the answer says why', async () => {
  const none = await read('precedence', [0, 1]);

  assert.deepEqual([none.status, faultsOf(none)], [404, [[1600, undefined]]]);
  assert.match(none.body.errors[0].message, /no scores are computed/);
});

test('shows score, names, window, and what an allow rule of its end would let through', async () => {
  await kit.store({ computedMs: noon, generation: 10 }, [
    ['precedence', [0, 1, 2], 0.8, 80],
    ['precedence', [0, 3], 0.7, 70],
    ['lookback', [1, 2], 0.9, 95],
    ['correlation', [1, 1], 1, 40, 0],
  ]);
  await kit.mark({ computedMs: noon, generation: 10, rowCount: 4, listedCount: 3 });

  const { status, body } = await read('precedence', [0, 1, 2]);
  const hosts = await read('precedence', [0, 3]);
  const repeat = await read('correlation', [1, 1]);
  const lookback = await read('lookback', [1, 2]);

  assert.equal(status, 200);
  const { history, hours, examples, operations, ...rest } = body.result;
  assert.deepEqual(rest, {
    id: idOf('precedence', [0, 1, 2]),
    kind: 'precedence',
    computed_at: '2026-11-21T12:00:00.000000Z',
    window: { from: '2026-11-20T12:00:00.000000Z', to: '2026-11-21T12:00:00.000000Z' },
    is_exact: true,
    max_undercount: 0,
    score: 0.8,
    low: 0.4,
    high: 0.8,
    support: 80,
    last_support: 1_000,
    sessions: 7,
    undercount: 0,
    is_listed: true,
    rule: {
      sequence: [kit.ids[1], kit.ids[2]],
      lookback: { score: 0.9, low: 0.45, high: 0.9, support: 95, last_support: 1_000 },
    },
  });
  assert.deepEqual(
    operations.map((each: { endpoint: string }) => each.endpoint),
    ['/a', '/b', '/c'],
  );
  assert.deepEqual(history, [
    {
      computed_at: '2026-11-21T12:00:00.000000Z',
      score: 0.8,
      low: 0.4,
      high: 0.8,
      support: 80,
      last_support: 1_000,
    },
  ]);
  assert.equal(hours.length, 25);
  assert.deepEqual(examples, { examined: 0, is_all: true, with: [], without: [] });
  assert.equal(hosts.body.result.rule, null);
  assert.equal(repeat.body.result.rule, null);
  assert.equal(repeat.body.result.is_listed, false);
  assert.deepEqual(lookback.body.result.rule.lookback.support, 95);
});

test('shows the score of a past time, and tells what is gone from what never was', async () => {
  await kit.store({ computedMs: noon + 60_000, generation: 20 }, [['precedence', [0, 1, 2], 0.75, 75]]);
  await kit.mark({ computedMs: noon + 60_000, generation: 20, rowCount: 2, listedCount: 1 });

  const past = await read('precedence', [0, 1, 2], 'at=2026-11-21T12:00:30Z');
  const before = await read('precedence', [0, 1, 2], 'at=2026-11-21T11:00:00Z');
  const gone = await read('correlation', [1, 1]);
  const never = await read('correlation', [2, 2]);

  assert.deepEqual([past.body.result.score, past.body.result.history.length], [0.8, 1]);
  assert.deepEqual([before.status, faultsOf(before)], [404, [[1600, undefined]]]);
  assert.match(before.body.errors[0].message, /the oldest are of 2026-11-21T12:00:00/);
  assert.deepEqual([gone.status, gone.body.result.score, gone.body.result.support], [200, null, null]);
  assert.deepEqual(
    gone.body.result.history.map((point: { score: number | null }) => point.score),
    [1, null],
  );
  assert.match(gone.body.messages[1].message, /no longer kept of these scores \(3 hours\)/);
  assert.deepEqual([never.status, faultsOf(never)], [404, [[1600, undefined]]]);
});

test('thins the history evenly in time to the points asked for, of complete snapshots alone', async () => {
  const begin = noon + hour;
  // Each minute for an hour, then one after another hour; every third is half written, and two have a second marker.
  const minutes = [...Array.from({ length: 60 }, (_, i) => i), 120];
  for (const i of minutes) {
    const of = { computedMs: begin + i * 60_000, generation: 1_000 + i };
    await kit.store(of, [['precedence', [0, 1, 2], i / 1_000, i + 1]]);
    if (i % 3 !== 1) await kit.mark({ ...of, rowCount: 1, listedCount: 1 });
    if (i % 30 === 0) await kit.mark({ ...of, advanced: 1, rowCount: 1, listedCount: 1 });
  }
  const supports = async (query: string) =>
    (await read('precedence', [0, 1, 2], `examples=0&${query}`)).body.result.history.map(
      (point: { support: number }) => point.support - 1,
    );
  const range = 'from=2026-11-21T13:00:00Z&to=2026-11-21T15:00:00Z';

  assert.deepEqual(
    await supports(`${range}&points=1000`),
    minutes.filter((i) => i % 3 !== 1),
  );
  // Parts of 30 minutes; nothing happened in the third.
  assert.deepEqual(await supports(`${range}&points=4`), [30, 59, 120]);
  assert.deepEqual(await supports(`${range}&points=1`), [120]);
  assert.deepEqual(await supports('from=2026-11-21T13:10:00Z&to=2026-11-21T13:15:30Z'), [11, 12, 14, 15]);
  assert.deepEqual(await supports('from=2026-11-21T16:00:00Z'), []);
});

test('counts occurrences by the hour, in the form that the score is made of', async () => {
  const at = (hours: number): number => noon + hours * hour;
  await storeCounts([
    [at(-3), [0, 1, 2], 3, 5, 0],
    [at(-3), [0, 1, 2], 3, 2, 0],
    [at(-3), [2], 1, 9, 0],
    [at(0), [0, 1, 2], 3, 73, 77],
    // Stands for its ending [2] too.
    [at(0), [3, 2], 1, 100, 0],
    [at(-24), [2], 1, 4, 0],
    [at(-25), [0, 1, 2], 1, 1_000, 0],
    [at(1), [0, 1, 2], 1, 1_000, 0],
    [at(0), [1, 1], 2, 0, 40],
    [at(0), [1], 1, 41, 41],
  ]);
  await storeCounts([[at(0), [0, 1, 2], 1, 5_000, 5_000]], otherZone);
  await kit.clickhouse.insert(
    'sequence_counts',
    [...countColumns, 'kind', 'first_length'],
    [[zoneId, seconds(at(0)), [kit.shorts[1], kit.shorts[2]], 0, 1, 95, [1], 'pair', 2]],
  );
  const hoursOf = async (kind: string, places: readonly number[]) => {
    const { body } = await read(kind, places, 'at=2026-11-21T12:00:30Z&examples=0');
    const hours: readonly { hour: string; occurrences: number; last_occurrences: number }[] =
      body.result.hours;
    assert.deepEqual(
      hours.map((each) => each.hour),
      Array.from({ length: 25 }, (_, i) => new Date(at(i - 24)).toISOString().replace('.000Z', '.000000Z')),
    );
    return {
      messages: body.messages.length,
      hours: hours
        .filter((each) => each.last_occurrences > 0)
        .map((each) => [each.hour.slice(8, 13), each.occurrences, each.last_occurrences]),
    };
  };

  assert.deepEqual(await hoursOf('precedence', [0, 1, 2]), {
    messages: 1,
    hours: [
      ['20T12', 0, 4],
      ['21T09', 7, 9],
      ['21T12', 73, 100],
    ],
  });
  assert.deepEqual((await hoursOf('correlation', [1, 1])).hours, [['21T12', 40, 41]]);
  assert.deepEqual((await hoursOf('lookback', [1, 2])).hours.at(-1), ['21T12', 95, 100]);
  // 70 are said, none is there.
  assert.equal((await hoursOf('precedence', [0, 3])).messages, 2);
});

test('counts by the hour what the view over all counts says', async () => {
  let state = 3;
  const draw = (n: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * n);
  };
  const begin = noon - 100 * hour;
  const rows = Array.from({ length: 400 }, () => {
    const path = Array.from({ length: 1 + draw(5) }, () => draw(3));
    return [
      zoneId,
      seconds(begin - draw(3) * hour),
      path.map((p) => kit.shorts[p]),
      draw(2),
      draw(2),
      draw(9),
      [1],
      1 + draw(path.length),
      9 + draw(9),
    ];
  });
  const columns = [...countColumns, 'first_length', 'raw_occurrences'];
  // Two parts: rows of one key are not merged yet.
  await kit.clickhouse.insert('sequence_counts', columns, rows.slice(0, 250));
  await kit.clickhouse.insert('sequence_counts', columns, rows.slice(250));
  await kit.clickhouse.insert(
    'sequence_counts',
    [...countColumns, 'kind', 'first_length'],
    [
      [zoneId, seconds(begin), [kit.shorts[0], kit.shorts[1]], 0, 1, 7, [1], 'pair', 2],
      [zoneId, seconds(begin), [kit.shorts[0], kit.shorts[1]], 1, 1, 5, [1], 'pair', 2],
      [zoneId, seconds(begin), [kit.shorts[0], kit.shorts[1]], 1, 1, 6, [1], 'pair', 2],
    ],
  );
  const asked = [
    ['precedence', [0, 1]],
    ['precedence', [2, 0, 1]],
    ['correlation', [1, 1]],
    ['correlation', [0, 1, 2]],
    ['lookback', [0, 1]],
  ] as const;
  await kit.store(
    { computedMs: begin, generation: 2 },
    asked.map(([kind, places]) => [kind, places, 0.5, 1] as const),
  );
  await kit.mark({ computedMs: begin, generation: 2, rowCount: asked.length, listedCount: asked.length });
  const viewed = async (form: string, places: readonly number[]): Promise<ReadonlyMap<string, number>> => {
    const found = await kit.clickhouse.query<{ ms: number; n: number }>(
      `SELECT toUnixTimestamp(hour) * 1000 AS ms, occurrences AS n FROM sequence_hours WHERE zone_id = {zone:String}
        AND form = {form:String} AND operations = {operations:Array(UInt32)} AND hour <= {to:DateTime('UTC')}`,
      { zone: zoneId, form, operations: places.map((p) => kit.shorts[p]), to: begin / 1_000 },
    );
    return new Map(found.map(({ ms, n }) => [new Date(ms).toISOString().slice(0, 13), n]));
  };

  for (const [kind, places] of asked) {
    const forms = { precedence: 'collapsed', correlation: 'raw', lookback: 'pair' } as const;
    const occurrences = await viewed(forms[kind], places);
    const last = await viewed(kind === 'correlation' ? 'raw' : 'collapsed', places.slice(-1));
    const { body } = await read(kind, places, `at=${new Date(begin).toISOString()}&examples=0`);

    assert.ok(last.size > 0 && occurrences.size > 0, `${kind} ${places}`);
    for (const each of body.result.hours) {
      const key = each.hour.slice(0, 13);
      assert.equal(each.occurrences, occurrences.get(key) ?? 0, `${kind} ${places} ${key}`);
      assert.equal(each.last_occurrences, last.get(key) ?? 0, `${kind} ${places} ${key} last`);
    }
  }
});

/** The naive model: places in a path at which the last operation stands, and whether it is preceded as the sequence says. */
const placesOf = (kind: string, sequence: readonly number[], session: Session) => {
  const steps = session.path
    .map((operation, i) => ({ operation, timeMs: session.lastMs - (session.path.length - 1 - i) * 1_000 }))
    .filter(({ operation }, i) => kind === 'correlation' || i === 0 || session.path[i - 1] !== operation);
  const before = (i: number) => steps.slice(Math.max(0, i - 9), i).map((step) => step.operation);
  const isWith = (i: number): boolean =>
    kind === 'lookback'
      ? before(i).includes(sequence[0] ?? -1)
      : i >= sequence.length - 1 &&
        sequence.every((o, k) => steps[i - sequence.length + 1 + k]?.operation === o);
  const reach = kind === 'lookback' ? 9 : sequence.length - 1;
  const ends = steps.flatMap(({ operation }, i) => (operation === sequence.at(-1) ? [i] : []));
  const begin = (i: number): number =>
    kind === 'lookback'
      ? i -
        1 -
        before(i)
          .toReversed()
          .indexOf(sequence[0] ?? -1)
      : i - reach;
  const shown = (places: readonly number[], from: (i: number) => number) => {
    const last = places.at(-1) ?? 0;
    return {
      offset: session.offset,
      places: places.length,
      steps: steps.slice(Math.max(0, from(last)), last + 1),
    };
  };
  return {
    with: shown(ends.filter(isWith), begin),
    without: shown(
      ends.filter((i) => !isWith(i) && ((session.cut ?? 0) === 0 || i >= reach)),
      (i) => i - 9,
    ),
  };
};

const shownOf = (example: {
  session_id: string;
  places: number;
  steps: readonly { short_id: string; time: string }[];
}) => ({
  offset: Number.parseInt(example.session_id, 16),
  places: example.places,
  steps: example.steps.map((step) => ({
    operation: shortIds([0, 1, 2, 3]).indexOf(step.short_id),
    timeMs: Date.parse(step.time),
  })),
});

test('finds the newest sessions with and without a sequence, as a naive search does', async () => {
  let state = 7;
  const draw = (n: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * n);
  };
  const sessions = Array.from(
    { length: 300 },
    (_, offset): Session => ({
      path: Array.from({ length: draw(24) }, () => draw(offset % 2 === 0 ? 3 : 4)),
      lastMs: noon - draw(20 * hour),
      offset,
      cut: draw(5) === 0 ? 3 : 0,
    }),
  );
  await storeSessions(sessions);
  await storeSessions(sessions.slice(0, 50));
  // Not of this zone, after the window, before it.
  const path = [0, 1, 2, 3];
  await storeSessions([
    { path, lastMs: noon - 1, offset: 1_000, zone: otherZone },
    { path, lastMs: noon + 1, offset: 1_001 },
    { path, lastMs: noon - 24 * hour - 1, offset: 1_002 },
  ]);
  const newest = sessions.toSorted((a, b) => b.lastMs - a.lastMs || b.offset - a.offset);
  const asked: readonly (readonly [string, readonly number[]])[] = [
    ['precedence', [0, 1]],
    ['precedence', [0, 1, 2]],
    ['precedence', [3, 0, 3]],
    ['precedence', [0, 1, 0, 1, 2]],
    ['correlation', [0, 0]],
    ['correlation', [1, 0, 0]],
    ['lookback', [0, 2]],
    ['lookback', [3, 1]],
    ['lookback', [1, 1]],
  ];
  await kit.store(
    { computedMs: noon, generation: 11 },
    asked.map(([kind, places]) => [kind, places, 0.5, 10] as const),
  );
  await kit.mark({ computedMs: noon, generation: 11, rowCount: asked.length, listedCount: asked.length });

  for (const [kind, places] of asked) {
    const { body } = await read(kind, places, 'at=2026-11-21T12:00:30Z&examples=20');
    const models = newest.map((session) => placesOf(kind, places, session));
    const expected = (side: 'with' | 'without') =>
      models
        .map((model) => model[side])
        .filter((each) => each.places > 0)
        .slice(0, 20);

    const { examples } = body.result;
    assert.deepEqual([examples.examined, examples.is_all], [300, true]);
    assert.deepEqual(examples.with.map(shownOf), expected('with'), `${kind} ${places} with`);
    assert.deepEqual(examples.without.map(shownOf), expected('without'), `${kind} ${places} without`);
    assert.ok(expected('with').length > 0, `${kind} ${places} is nowhere`);
  }
});

test('an example session says who, when, how long, and shows each step by name', async () => {
  const begin = noon + 10 * hour;
  await kit.store({ computedMs: begin, generation: 5_000 }, [['precedence', [0, 1], 0.5, 1]]);
  await kit.mark({ computedMs: begin, generation: 5_000, rowCount: 1, listedCount: 1 });
  await storeSessions([{ path: [2, 0, 0, 1], lastMs: begin - hour, offset: 2_000 }]);

  const { body } = await read('precedence', [0, 1], 'examples=1');

  assert.deepEqual(body.result.examples.with, [
    {
      session_id: '000000000000000000000000000007d0',
      source: 'live',
      first: '2026-11-21T20:59:57.000000Z',
      last: '2026-11-21T21:00:00.000000Z',
      length: 4,
      cut: 0,
      ended: 'gap',
      places: 1,
      steps: [
        {
          operation_id: kit.ids[0],
          method: 'GET',
          host: 'api.example.com',
          endpoint: '/a',
          short_id: shortIds([0])[0],
          time: '2026-11-21T20:59:58.000000Z',
        },
        {
          operation_id: kit.ids[1],
          method: 'GET',
          host: 'api.example.com',
          endpoint: '/b',
          short_id: shortIds([1])[0],
          time: '2026-11-21T21:00:00.000000Z',
        },
      ],
    },
  ]);
  assert.equal((await read('precedence', [0, 1], 'examples=0')).body.result.examples, null);
});

test('rows that were stored twice, as an insert without an answer is made again, are shown once', async () => {
  const of = { computedMs: noon + 11 * hour, generation: 6_000 };
  const rows = [['precedence', [1, 2], 0.5, 9]] as const;
  await kit.store(of, rows);
  await kit.store(of, rows);
  await kit.mark({ ...of, rowCount: 1, listedCount: 1 });

  const list = await kit.control.call('GET', `/zones/${zoneId}/api_gateway/sequences`);
  const one = await read('precedence', [1, 2], 'from=2026-11-21T23:00:00Z');

  assert.deepEqual([list.body.result.length, list.body.result_info.total_count], [1, 1]);
  assert.equal(one.body.result.history.length, 1);
});

test('tells by how much a support may be short', async () => {
  const of = { computedMs: noon + 12 * hour, generation: 7_000 };
  await kit.clickhouse.insert(
    'sequence_scores',
    ['zone_id', 'computed_at', 'generation', 'kind', 'operations', 'support', 'is_listed', 'undercount'],
    [[zoneId, millis(of.computedMs), of.generation, 'precedence', kit.shorts.slice(0, 2), 20, 1, 3]],
  );
  await kit.mark({ ...of, rowCount: 1, listedCount: 1 });

  const list = await kit.control.call('GET', `/zones/${zoneId}/api_gateway/sequences`);
  const one = await read('precedence', [0, 1]);

  assert.deepEqual([list.body.result[0].undercount, one.body.result.undercount], [3, 3]);
});

test('shows nothing of another zone', async () => {
  const foreign = await read('precedence', [0, 1], '', otherZone);
  const unknown = await read('precedence', [0, 1], '', 'e'.repeat(32));

  assert.deepEqual([foreign.status, faultsOf(foreign)], [404, [[1600, undefined]]]);
  assert.deepEqual([unknown.status, faultsOf(unknown)], [404, [[1200, undefined]]]);
});

test('when ClickHouse goes, a sequence is 503', async () => {
  await kit.server.close();

  const answer = await read('precedence', [0, 1]);

  assert.deepEqual([answer.status, faultsOf(answer)], [503, [[1903, undefined]]]);
});
