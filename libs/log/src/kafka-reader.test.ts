import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '@precede/testkit';
import { crc32c } from './crc32c.ts';
import { FakeKafka, fakeTopic, plainBatch } from './kafka.test-fake.ts';
import { openKafkaLog } from './kafka.ts';
import { KafkaReader } from './kafka-reader.ts';
import { restorePartition } from './kafka-restore.ts';
import { Slot, type SlotDeps } from './kafka-slot.ts';
import { KafkaTail } from './kafka-tail.ts';
import type { Batch, LogRecord } from './port.ts';

const withinMs = 30_000;

const until = async (what: string, isSo: () => boolean): Promise<void> => {
  await eventually(what, async () => isSo() || undefined, withinMs);
};

/** A promise that must settle soon: a broker's silence lasts longer. */
const promptly = async <T>(what: string, promise: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} has not ended`)), 8_000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

const open = async (t: TestContext, nodes: number, leaders: readonly number[]): Promise<FakeKafka> => {
  const fake = await FakeKafka.open(nodes, leaders);
  t.after(() => fake.close());
  return fake;
};

interface Fault {
  readonly error: Error & { code?: string };
  readonly partitions: readonly number[];
  readonly atMs: number;
}

const text = (records: readonly LogRecord[]): string[] => records.map(({ value }) => String(value));

/** A reader of all partitions from their beginning: what came of each, and what failed. */
const readAll = async (t: TestContext, fake: FakeKafka, count: number) => {
  const got: string[][] = Array.from({ length: count }, () => []);
  const hasRoom: boolean[] = got.map(() => true);
  const faults: Fault[] = [];
  const reader = await KafkaReader.open(fake.access, fakeTopic, (error, partitions = []) =>
    faults.push({ error: error as Error, partitions, atMs: performance.now() }),
  );
  t.after(() => reader.close());
  for (const partition of got.keys())
    reader.start(partition, 0, {
      hasRoom: () => hasRoom[partition] === true,
      deliver: (fetched) => got[partition]?.push(...text(fetched.read())),
    });
  const has = (partition: number, ...values: string[]): Promise<void> =>
    until(`${values} of ${partition}`, () => got[partition]?.join() === values.join());
  return { reader, got, hasRoom, faults, has };
};

/** At least the pauses between failures in a row that back-off asks for; timers may be early by a millisecond. */
const assertBackOff = (faults: readonly Fault[], firstMs: number): void => {
  for (let i = 1; i < faults.length; i += 1) {
    const gapMs = (faults[i]?.atMs ?? 0) - (faults[i - 1]?.atMs ?? 0);
    assert.ok(gapMs >= Math.min(firstMs * 2 ** (i - 1), 2_000) - 2, `pause ${i} is ${gapMs} ms`);
  }
};

const storageError = 56;

test('reads every partition on, each record once and in order, however often leaders move', async (t) => {
  const fake = await open(t, 3, [1, 2, 3]);
  const { got } = await readAll(t, fake, 3);
  const written: string[][] = got.map(() => []);

  for (let round = 0; round < 12; round += 1) {
    for (const partition of got.keys()) {
      fake.append(partition, `${round}`, `${round}+`);
      written[partition]?.push(`${round}`, `${round}+`);
    }
    fake.move(round % 3, 1 + ((round >> 1) % 3));
    await until(`round ${round}`, () => got.every((g, p) => g.length === written[p]?.length));
  }

  assert.deepEqual(got, written);
});

test('a partition that is refused is tried again with back-off, and the others go on', async (t) => {
  const fake = await open(t, 2, [1, 1, 2]);
  const { faults, has } = await readAll(t, fake, 3);
  fake.refuse(0, storageError);
  for (const partition of [0, 1, 2]) fake.append(partition, 'a');

  await has(1, 'a');
  await has(2, 'a');
  await until('four failures', () => faults.length >= 4);

  assert.deepEqual(new Set(faults.flatMap(({ partitions }) => partitions)), new Set([0]));
  assertBackOff(faults, 50);
  const tries = fake.fetches.filter(({ partitions }) => partitions.includes(0)).length;
  fake.append(1, 'b');
  await has(1, 'a', 'b');
  assert.ok(tries < 30, `${tries} fetches`);
  fake.refuse(0, 0);
  await has(0, 'a');
});

test('a partition without a leader waits for one, and the others go on', async (t) => {
  const fake = await open(t, 2, [-1, 1, 2]);
  const { faults, has } = await readAll(t, fake, 3);
  for (const partition of [0, 1, 2]) fake.append(partition, 'a');
  await has(1, 'a');
  await has(2, 'a');
  fake.move(1, -1);
  fake.append(1, 'b');
  fake.append(2, 'b');
  await has(2, 'a', 'b');

  fake.move(0, 2);
  await has(0, 'a');
  fake.move(1, 2);
  await has(1, 'a', 'b');

  assert.deepEqual(new Set(faults.flatMap(({ partitions }) => partitions)), new Set([0, 1]));
});

test('a broker that is away holds up what it leads, and no connection of the others', async (t) => {
  const fake = await open(t, 3, [1, 2, 3]);
  const { faults, has } = await readAll(t, fake, 3);
  for (const partition of [0, 1, 2]) fake.append(partition, 'a');
  for (const partition of [0, 1, 2]) await has(partition, 'a');
  const connects = [1, 3].map((id) => fake.connects(id));

  fake.stop(2);
  for (const partition of [0, 1, 2]) fake.append(partition, 'b');
  await has(0, 'a', 'b');
  await has(2, 'a', 'b');
  await until('three failures', () => faults.length >= 3);

  assert.deepEqual(new Set(faults.flatMap(({ partitions }) => partitions)), new Set([1]));
  assertBackOff(faults, 50);
  assert.deepEqual(
    [1, 3].map((id) => fake.connects(id)),
    connects,
  );
  await fake.restart(2);
  await has(1, 'a', 'b');
});

test('what a lost broker led goes on where it is led then', async (t) => {
  const fake = await open(t, 3, [1, 2, 3]);
  const { has } = await readAll(t, fake, 3);
  fake.append(1, 'a');
  await has(1, 'a');

  fake.stop(2);
  fake.move(1, 3);
  fake.append(1, 'b');

  await has(1, 'a', 'b');
});

test('reads on when all brokers were away', async (t) => {
  const fake = await open(t, 2, [1, 2]);
  const { faults, has } = await readAll(t, fake, 2);
  for (const partition of [0, 1]) fake.append(partition, 'a');
  for (const partition of [0, 1]) await has(partition, 'a');

  for (const id of [1, 2]) fake.stop(id);
  await until('failures of both', () => new Set(faults.flatMap((f) => f.partitions)).size === 2);
  for (const id of [1, 2]) await fake.restart(id);
  for (const partition of [0, 1]) fake.append(partition, 'b');

  for (const partition of [0, 1]) await has(partition, 'a', 'b');
});

test('a leader that moves while its sink has no room is read again when it has', async (t) => {
  const fake = await open(t, 3, [1, 1]);
  const { reader, hasRoom, has } = await readAll(t, fake, 2);
  fake.append(0, 'a');
  fake.append(1, 'a');
  await has(0, 'a');
  await has(1, 'a');
  hasRoom[1] = false;
  const { length } = fake.fetches;
  await until('a fetch without it', () => fake.fetches.slice(length).some((f) => !f.partitions.includes(1)));

  fake.move(1, 3);
  assert.equal((await reader.link.offsets([1], 'end')).get(1), 1);
  fake.append(0, 'b');
  fake.append(1, 'b');
  await has(0, 'a', 'b');
  hasRoom[1] = true;
  reader.wake();

  await has(1, 'a', 'b');
});

test('a batch that was damaged on its way is fetched again, and the others go on', async (t) => {
  const fake = await open(t, 1, [1, 1]);
  const { faults, has } = await readAll(t, fake, 2);
  fake.append(0, 'a');
  await has(0, 'a');
  const batch = plainBatch(['b']);
  const flip = (): void => void batch.writeUInt8(batch.readUInt8(64) ^ 1, 64);
  flip();
  fake.appendBatch(0, batch, 1);
  fake.append(1, 'a');

  await has(1, 'a');
  await until('three failures', () => faults.length >= 3);
  assert.ok(faults.every(({ error }) => error.code === 'PRECEDE_RECORD_UNREADABLE'));
  assertBackOff(faults, 50);
  flip();
  fake.append(0, 'c');

  await has(0, 'a', 'b', 'c');
});

test('a log that ends before what was read of it is read on at its end, and that is told', async (t) => {
  const fake = await open(t, 1, [1]);
  for (const value of ['a', 'b', 'c', 'd']) fake.append(0, value);
  const { faults, has } = await readAll(t, fake, 1);
  await has(0, 'a', 'b', 'c', 'd');

  fake.cutEnd(0, 2);
  await until('the report', () => faults.length > 0);
  fake.append(0, 'e');

  await has(0, 'a', 'b', 'c', 'd', 'e');
  assert.match(faults[0]?.error.message ?? '', /offsets 0 to 2 and was read to 4: it goes on at 2/);
  assert.equal(faults.length, 1);
});

test('a log that begins after what was read of it is read on at its beginning, and that is told', async (t) => {
  const fake = await open(t, 1, [1]);
  fake.append(0, 'a');
  const { reader, hasRoom, faults, has } = await readAll(t, fake, 1);
  await has(0, 'a');
  hasRoom[0] = false;
  const end = fake.fetches.length;
  for (const value of ['b', 'c', 'd']) fake.append(0, value);
  await until('no fetch on its way', () => fake.fetches.length <= end + 1);

  fake.cutFront(0, 3);
  reader.stop(0);
  const after: string[] = [];
  reader.start(0, 1, { hasRoom: () => true, deliver: (f) => after.push(...text(f.read())) });

  await until('what is kept', () => after.join() === 'd');
  assert.match(faults[0]?.error.message ?? '', /offsets 3 to 4 and was read to 1: it goes on at 3/);
});

test('no partition waits behind the backlog of another for a batch beyond its share', async (t) => {
  const fake = await open(t, 1, [1, 1, 1]);
  const backlog = 40;
  for (let i = 0; i < backlog; i += 1) fake.append(0, Buffer.alloc(900_000));
  fake.append(2, Buffer.alloc(1_500_000));

  const order: number[] = [];
  const reader = await KafkaReader.open(fake.access, fakeTopic, () => {});
  t.after(() => reader.close());
  for (const partition of [0, 1, 2])
    reader.start(partition, 0, {
      hasRoom: () => true,
      deliver: ({ count }) => {
        if (count > 0) order.push(partition);
      },
    });
  await until('all', () => order.filter((p) => p === 0).length === backlog && order.includes(2));

  assert.ok(order.indexOf(2) <= 3, order.join());
});

test('closing does not wait for a broker that does not answer', async (t) => {
  const fake = await open(t, 2, [1, 2]);
  const { reader, has } = await readAll(t, fake, 2);
  fake.append(0, 'a');
  await has(0, 'a');
  // There is always a fetch on its way.
  fake.mute(1, true);

  await promptly('closing', reader.close());

  await until('no connection', () => fake.connections === 0);
});

const restore = (fake: FakeKafka, signal: AbortSignal, onRecords = (_: readonly LogRecord[]): void => {}) =>
  restorePartition(fake.access, { topic: fakeTopic, partition: 0, onRecords, signal, onError: () => {} });

test('a restore that is aborted while it opens, or reads, or waits for an answer, ends', async (t) => {
  const fake = await open(t, 1, [1]);
  fake.append(0, 'a');
  fake.refuse(0, storageError);

  const opening = new AbortController();
  const first = restore(fake, opening.signal);
  opening.abort(new Error('first'));
  await assert.rejects(promptly('the first', first), /first/);

  const reading = new AbortController();
  const second = restore(fake, reading.signal);
  await until('a fetch', () => fake.fetches.length > 0);
  reading.abort(new Error('second'));
  await assert.rejects(promptly('the second', second), /second/);

  fake.mute(1, true);
  const waiting = new AbortController();
  const third = restore(fake, waiting.signal);
  await until('a connection', () => fake.connections > 0);
  waiting.abort(new Error('third'));
  await assert.rejects(promptly('the third', third), /third/);
  await until('no connection', () => fake.connections === 0);
});

for (const end of [0, 1])
  test(`a restore whose topic is cut to ${end} of 2 meanwhile fails instead of waiting for its end`, async (t) => {
    const fake = await open(t, 1, [1]);
    for (const value of ['a', 'b']) fake.append(0, Buffer.alloc(1_000_000, value));
    let isCut = false;
    const onRecords = (): void => {
      if (!isCut) fake.cutEnd(0, end);
      isCut = true;
    };

    const restoring = restore(fake, new AbortController().signal, onRecords);

    await assert.rejects(promptly('the restore', restoring), /lost records/);
  });

/** Well sealed, and of a codec that is not read; `mend` makes it what it was. */
const unreadable = (value: string): { batch: Buffer; mend(): void } => {
  const batch = plainBatch([value]);
  const seal = (codec: number): void => {
    batch.writeInt16BE(codec, 21);
    batch.writeUInt32BE(crc32c(batch, 21), 17);
  };
  seal(3);
  return { batch, mend: () => seal(0) };
};

test('a tail goes on with other partitions while records of one cannot be read, and with that one later', async (t) => {
  const fake = await open(t, 1, [1, 1]);
  const { batch, mend } = unreadable('b');
  fake.append(0, 'a');
  fake.appendBatch(0, batch, 1);
  fake.append(0, 'c');
  const got: string[][] = [[], []];
  const faults: Fault[] = [];
  const tail = await KafkaTail.open(fake.access, {
    topic: fakeTopic,
    onRecords: (records) => {
      for (const record of records) got[record.partition]?.push(String(record.value));
    },
    onError: (error) => faults.push({ error: error as Error, partitions: [], atMs: performance.now() }),
  });
  t.after(() => tail.close());

  await until('three failures', () => faults.length >= 3);
  assertBackOff(faults, 100);
  fake.append(1, 'x');
  await until('the other partition', () => got[1]?.join() === 'x');
  mend();

  await tail.caughtUp;
  assert.deepEqual(got, [['a', 'b', 'c'], ['x']]);
});

test('a tail whose topic loses its end has caught up with what is left', async (t) => {
  const fake = await open(t, 2, [1]);
  for (const value of ['a', 'b']) fake.append(0, Buffer.alloc(1_000_000, value));
  let isCut = false;
  const tail = await KafkaTail.open(fake.access, {
    topic: fakeTopic,
    onRecords: () => {
      if (!isCut) fake.cutEnd(0, 1);
      fake.move(0, 2);
      isCut = true;
    },
  });
  t.after(() => tail.close());

  await promptly('catching up', tail.caughtUp);
});

test('a tail that cannot open leaves no connection', async (t) => {
  const fake = await open(t, 1, [1]);
  fake.refuseOffsets(0, 29);

  await assert.rejects(KafkaTail.open(fake.access, { topic: fakeTopic, onRecords: () => {} }));

  await until('no connection', () => fake.connections === 0);
});

test('a slot opens with back-off again while records cannot be read, though those before them can', async (t) => {
  const fake = await open(t, 1, [1]);
  const { batch, mend } = unreadable('b');
  // So large that the next batch comes with another fetch.
  fake.append(0, Buffer.alloc(1024 * 1024, 'a'));
  fake.appendBatch(0, batch, 1);
  const reader = await KafkaReader.open(fake.access, fakeTopic, () => {});
  t.after(() => reader.close());
  const faults: Fault[] = [];
  const seen: string[] = [];
  const step = async ({ records }: Batch) => {
    seen.push(...text(records).map((value) => value.slice(0, 1)));
    return { outputs: [], commit: null };
  };
  const deps: SlotDeps = {
    options: {
      group: 'g',
      topic: fakeTopic,
      isTransactional: false,
      open: async () => ({ step, close: async () => {} }),
      onError: (error) => faults.push({ error: error as Error, partitions: [0], atMs: performance.now() }),
    },
    reader,
    openCommitter: async () => ({
      commit: async () => {},
      settle: async () => {},
      close: async () => {},
    }),
    startOf: async () => 0,
    restore: async () => {},
    confirmed: async () => {},
    onOpen: () => {},
  };
  const slot = new Slot(deps, 0);

  await until('four failures', () => faults.length >= 4);
  assert.ok(faults.every(({ error }) => error.code === 'PRECEDE_RECORD_UNREADABLE'));
  assertBackOff(faults, 100);
  mend();
  await until('the record', () => seen.includes('b'));
  await slot.stop();

  assert.match(seen.join(''), /^a{4,}b$/);
});

test('a log forgets what was closed before it', async (t) => {
  const fake = await open(t, 1, [1]);
  const log = await openKafkaLog(fake.access);
  const producer = await log.producer();
  let closings = 0;
  const { close } = producer;
  producer.close = () => {
    closings += 1;
    return close();
  };

  await producer.close();
  await log.close();

  assert.equal(closings, 1);
});
