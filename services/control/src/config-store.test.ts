import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ErrorCode, Topic, UnavailableError, type ZoneId } from '@precede/contracts';
import type { EventLog, LogProducer } from '@precede/log';
import {
  faultsOf,
  type Harness,
  type HarnessOptions,
  makeOperations,
  makeZone,
  openLog,
  startHarness,
  withDirectory,
  zoneId,
} from './harness.test-kit.ts';

const operations = `/zones/${zoneId}/api_gateway/operations`;
const one = (endpoint: string) => ({ method: 'GET', host: 'a.example.com', endpoint });
const metric = async (control: Harness, line: string): Promise<boolean> =>
  (await control.registry.metrics()).includes(line);

/** Closed in reverse when the test ends, however it ends: an open log would keep the process alive. */
const opened = (t: TestContext) => {
  const closing: (() => Promise<void>)[] = [];
  t.after(async () => {
    for (const close of closing.toReversed()) await close();
  });
  return {
    directory: async (): Promise<string> => {
      const { dir, remove } = await withDirectory();
      closing.push(remove);
      return dir;
    },
    log: async (dir: string): Promise<EventLog> => {
      const log = await openLog(dir);
      closing.push(() => log.close());
      return log;
    },
    control: async (options: HarnessOptions = {}): Promise<Harness> => {
      const control = await startHarness(options);
      closing.push(() => control.close());
      return control;
    },
  };
};

/** A log whose producers do what the test says in place of sending. */
const logWith = (
  log: EventLog,
  send: (inner: LogProducer, records: Parameters<LogProducer['send']>[0]) => Promise<void>,
): EventLog => {
  const producer: EventLog['producer'] = async (options) => {
    const inner = await log.producer(options);
    return { send: (records) => send(inner, records), close: () => inner.close() };
  };
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'producer') return producer;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
};

test('a restart keeps everything', async (t) => {
  const open = opened(t);
  const dir = await open.directory();
  const paths = [
    `/zones`,
    operations,
    `/zones/${zoneId}/api_gateway/configuration`,
    `/zones/${zoneId}/api_gateway/seqrules`,
  ];
  const show = (control: Harness) =>
    Promise.all(paths.map(async (path) => (await control.call('GET', path)).body));
  const firstLog = await openLog(dir);
  const first = await startHarness({ log: firstLog });
  await makeZone(first);
  const sequence = await makeOperations(first, ['/a', '/b', '/c']);
  await first.call('DELETE', `${operations}/${sequence[2]}`);
  await first.call('PUT', `/zones/${zoneId}/api_gateway/configuration`, {
    auth_id_characteristics: [{ type: 'cookie', name: 'sid' }],
  });
  const rule = { title: 'r', kind: 'block', action: 'log', sequence: sequence.slice(0, 2) };
  await first.call('POST', `/zones/${zoneId}/api_gateway/seqrules/rules`, { ...rule, priority: 3 });
  const before = await show(first);
  await first.close();
  await firstLog.close();

  const secondLog = await open.log(dir);
  const second = await open.control({ log: secondLog });

  assert.deepEqual(await show(second), before);
  assert.equal(before[3].result.rules.length, 1);
  // The priority is kept, and so is the short id of what was deleted.
  await second.call('POST', `/zones/${zoneId}/api_gateway/seqrules/rules`, { ...rule, priority: 4 });
  const zone = second.store.zones.get(zoneId as ZoneId);
  assert.deepEqual(
    zone?.rules.map((each) => each.priority),
    [4, 3],
  );
  assert.equal(zone?.settings.retiredShortIds.length, 1);
});

test('concurrent changes are one revision each and none is lost', async (t) => {
  const open = opened(t);
  const control = await open.control();
  await makeZone(control);

  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => control.call('POST', `${operations}/item`, one(`/p/${i % 25}`))),
  );

  assert.ok(answers.every((answer) => answer.status === 200));
  const zone = control.store.zones.get(zoneId as ZoneId);
  assert.equal(zone?.operations.size, 25);
  assert.equal(zone?.revision, 51);
});

test('a write is visible to the next read, and every revision ends with its zone record', async (t) => {
  const open = opened(t);
  const control = await open.control();
  await makeZone(control);

  for (let i = 0; i < 20; i++) {
    const { body } = await control.call('POST', `${operations}/item`, one(`/p/${i}`));
    assert.equal((await control.call('GET', `${operations}/${body.result.operation_id}`)).status, 200);
  }

  const kinds: string[] = [];
  const tail = await control.log.tail({
    topic: Topic.config,
    onRecords: (records) => {
      for (const { headers } of records)
        kinds.push(`${headers['revision']} ${headers['kind']} of ${headers['records']}`);
    },
  });
  await tail.caughtUp;
  await tail.close();
  assert.deepEqual(kinds.slice(-2), ['21 operation of 2', '21 zone of 2']);
});

test('a control whose place another has taken writes nothing more and says so once', async (t) => {
  const open = opened(t);
  const dir = await open.directory();
  const log = await open.log(dir);
  const stale = await open.control({ log });
  await makeZone(stale);
  const fresh = await open.control({ log });
  await fresh.call('POST', `${operations}/item`, one('/fresh'));

  const refused = await stale.call('POST', `${operations}/item`, one('/stale'));
  const again = await stale.call('POST', `${operations}/item`, one('/stale'));

  assert.deepEqual([refused.status, faultsOf(refused)], [503, [[1904, undefined]]]);
  assert.equal(again.status, 503);
  assert.equal(stale.fenced.length, 1);
  assert.equal(stale.fenced[0]?.code, ErrorCode.logFenced);
  const { body } = await fresh.call('GET', operations);
  assert.deepEqual(
    body.result.map((each: { endpoint: string }) => each.endpoint),
    ['/fresh'],
  );
});

for (const isWritten of [false, true])
  test(`a send that times out answers 503, and the log decides: it was ${isWritten ? '' : 'not '}written`, async (t) => {
    const open = opened(t);
    const dir = await open.directory();
    const log = await open.log(dir);
    let isAway = false;
    const control = await open.control({
      log: logWith(log, async (inner, records) => {
        if (!isAway || isWritten) await inner.send(records);
        if (isAway) throw new UnavailableError(ErrorCode.logUnavailable, 'timed out');
      }),
    });
    await makeZone(control);

    isAway = true;
    const lost = await control.call('POST', `${operations}/item`, one('/lost'));
    isAway = false;
    const next = await control.call('POST', `${operations}/item`, one('/next'));

    assert.deepEqual([lost.status, faultsOf(lost)], [503, [[1901, undefined]]]);
    assert.equal(lost.headers['retry-after'], '1');
    assert.equal(next.status, 200);
    const { body } = await control.call('GET', operations);
    assert.deepEqual(
      body.result.map((each: { endpoint: string }) => each.endpoint),
      isWritten ? ['/lost', '/next'] : ['/next'],
    );
    assert.equal(control.store.zones.get(zoneId as ZoneId)?.revision, isWritten ? 3 : 2);
    assert.ok(await metric(control, 'precede_control_recoveries_total 1'));
  });

test('while the log is away reads go on, and each write is refused until it is back', async (t) => {
  const open = opened(t);
  const dir = await open.directory();
  const log = await open.log(dir);
  let isAway = false;
  const away = logWith(log, async (inner, records) => {
    if (isAway) throw new UnavailableError(ErrorCode.logUnavailable, 'away');
    await inner.send(records);
  });
  const control = await open.control({ log: away });
  await makeZone(control);

  isAway = true;
  for (let i = 0; i < 3; i++)
    assert.equal((await control.call('POST', `${operations}/item`, one('/x'))).status, 503);
  assert.equal((await control.call('GET', `/zones/${zoneId}`)).status, 200);
  isAway = false;

  assert.equal((await control.call('POST', `${operations}/item`, one('/x'))).status, 200);
});

test('refuses more waiting changes than are allowed', async (t) => {
  const open = opened(t);
  const dir = await open.directory();
  const log = await open.log(dir);
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const control = await open.control({
    maxWaiting: 2,
    log: logWith(log, async (inner, records) => {
      await held;
      await inner.send(records);
    }),
  });

  const waiting = ['a', 'b'].map((name) => control.call('POST', '/zones', { name }));
  await new Promise((resolve) => setImmediate(resolve));
  const refused = await control.call('POST', '/zones', { name: 'c' });
  release();

  assert.deepEqual([refused.status, faultsOf(refused)], [503, [[1902, undefined]]]);
  assert.deepEqual(
    (await Promise.all(waiting)).map((answer) => answer.status),
    [200, 200],
  );
});

test('a record that is none is counted and passed', async (t) => {
  const open = opened(t);
  const dir = await open.directory();
  const log = await open.log(dir);
  const producer = await log.producer();
  const key = Buffer.from('nonsense');
  await producer.send([
    { topic: Topic.config, key, value: Buffer.from('no record') },
    { topic: Topic.config, key: Buffer.from('other'), value: null },
  ]);
  await producer.close();

  const control = await open.control({ log });

  await makeZone(control);
  assert.equal((await control.call('GET', `/zones/${zoneId}`)).status, 200);
  assert.ok(await metric(control, 'precede_control_config_records_total{outcome="unreadable"} 2'));
});
