import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ErrorCode, PrecedeError, Topic, type TopicName, topicSpecs } from '@precede/contracts';
import { acquireKafka, eventually } from '@precede/testkit';
import { type TestOptions, testOptions } from './kafka.test-child.ts';
import { openKafkaLog } from './kafka.ts';
import { createClient } from './kafka-client.ts';
import { forgetTransaction } from './kafka-forgotten.test-kit.ts';
import { Sockets } from './kafka-sockets.ts';
import type { EventLog, LogRecord, OutgoingRecord } from './port.ts';

const kafka = await acquireKafka();

const text = (bytes: Buffer | null): string => bytes?.toString() ?? '';

const record = (topic: TopicName, key: string, value = 'v'): OutgoingRecord => ({
  topic,
  key: Buffer.from(key),
  value: Buffer.from(value),
});

/** Records of a topic as a follower sees them. */
const follow = async (log: EventLog, topic: TopicName): Promise<LogRecord[]> => {
  const seen: LogRecord[] = [];
  const onRecords = (records: readonly LogRecord[]): void => void seen.push(...records);
  await (await log.tail({ topic, onRecords })).caughtUp;
  return seen;
};

/** Copies requests.v1 to sessions.v1, each record once. */
const copy = (log: EventLog, errors: unknown[] = []) =>
  log.process({
    group: 'copy',
    topic: Topic.requests,
    isTransactional: true,
    outputs: [Topic.sessions],
    tickMs: 50,
    onError: (error) => void errors.push(error),
    open: async () => ({
      step: async ({ records, position }) => ({
        outputs: records.map(({ key, value }) => ({ topic: Topic.sessions, key: key as Buffer, value })),
        commit: position,
      }),
      close: async () => {},
    }),
  });

if ('skip' in kafka) test('faults on Kafka', { skip: kafka.skip }, () => {});
else
  describe('the log on Kafka', () => {
    const { brokers, registryUrl, broker } = kafka;
    const logs: EventLog[] = [];
    after(async () => {
      await Promise.all(logs.map((log) => log.close()));
      await kafka.release();
    });

    const fresh = async (): Promise<{ log: EventLog; options: TestOptions }> => {
      const options = { brokers, registryUrl, topicPrefix: `${randomBytes(4).toString('hex')}.` };
      const log = await openKafkaLog(testOptions(options));
      logs.push(log);
      await log.ensureTopics(topicSpecs);
      return { log, options };
    };

    test('an owner that was stopped and replaced cannot commit when it wakes', async () => {
      const { log, options } = await fresh();
      const producer = await log.producer();
      await producer.send([record(Topic.config, 'a')]);
      const program = fileURLToPath(new URL('./kafka.test-zombie.ts', import.meta.url));
      const zombie: ChildProcess = spawn(process.execPath, [program, JSON.stringify(options)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const lines: string[] = [];
      createInterface({ input: zombie.stdout as NodeJS.ReadableStream }).on('line', (line) =>
        lines.push(line),
      );
      try {
        await eventually('the zombie in its step', async () => lines.includes('in step') || undefined);
        zombie.kill('SIGSTOP');
        const successor = await log.process({
          group: 'zombies',
          topic: Topic.config,
          isTransactional: true,
          open: async () => ({
            step: async ({ records, position }) => ({
              outputs: records.map(({ key }) => record(Topic.sessions, text(key), 'successor')),
              commit: position,
            }),
            close: async () => {},
          }),
        });
        const seen = await follow(log, Topic.sessions);
        await eventually('the successor', async () => seen.length > 0 || undefined);

        zombie.kill('SIGCONT');
        zombie.stdin?.write('go\n');
        // What came before its step is trouble of joining on a fresh broker.
        const failures = (): string[] => lines.slice(lines.indexOf('in step') + 1);
        await eventually('its failure', async () => failures().length > 0 || undefined);

        assert.deepEqual(failures()[0], `error ${ErrorCode.logFenced}`);
        await producer.send([record(Topic.config, 'b')]);
        await eventually('the next record', async () => seen.some((r) => text(r.key) === 'b') || undefined);
        assert.deepEqual(
          seen.map(({ key, value }) => `${text(key)} ${text(value)}`).filter((line) => line.startsWith('a')),
          ['a successor'],
        );
        await successor.close();
      } finally {
        zombie.kill('SIGKILL');
        await once(zombie, 'exit');
      }
    });

    test('overlapping aborted transactions are seen by no tail and no task', async () => {
      const { log, options } = await fresh();
      const client = createClient({ ...testOptions(options), sockets: new Sockets() });
      const topic = options.topicPrefix + Topic.requests;
      const open = async (name: string) => {
        const producer = client.producer({ transactionalId: options.topicPrefix + name, idempotent: true });
        await producer.connect();
        const transaction = await producer.transaction();
        const send = (value: string) =>
          transaction.send({ topic, messages: [{ key: name, value, partition: 0 }] });
        return { producer, transaction, send };
      };
      const [one, two, three] = [await open('one'), await open('two'), await open('three')];

      // Two begins after one and ends before it; three commits in between.
      await one.send('ghost 1');
      await two.send('ghost 2');
      await three.send('real 1');
      await one.send('ghost 3');
      await two.send('ghost 4');
      await two.transaction.abort();
      await one.send('ghost 5');
      await three.send('real 2');
      await three.transaction.commit();
      await one.send('ghost 6');
      await one.transaction.abort();
      await (await log.producer()).send([{ ...record(Topic.requests, 'plain', 'real 3'), partition: 0 }]);
      for (const { producer } of [one, two, three]) await producer.disconnect();

      const tailed = await follow(log, Topic.requests);
      const processing = await copy(log);
      const copied = await follow(log, Topic.sessions);
      await eventually('the copies', async () => copied.length >= 3 || undefined);
      await processing.close();

      assert.deepEqual(
        tailed.map((r) => text(r.value)),
        ['real 1', 'real 2', 'real 3'],
      );
      assert.deepEqual(copied.map((r) => text(r.value)).sort(), ['real 1', 'real 2', 'real 3']);
    });

    test('a transaction that the broker ended and forgot to tell its partitions is ended by the next owner', async () => {
      const { log, options } = await fresh();
      const producer = await log.producer();
      const put = (key: string) => producer.send([{ ...record(Topic.requests, key), partition: 0 }]);
      await put('forgotten');
      await forgetTransaction({ ...testOptions(options), sockets: new Sockets() }, 'copy', 1);
      await put('next');

      const errors: unknown[] = [];
      const processing = await copy(log, errors);
      const seen = await follow(log, Topic.sessions);
      await eventually('the next record', async () => seen.some((r) => text(r.key) === 'next') || undefined);
      await processing.close();

      assert.deepEqual(seen.map((r) => text(r.key)).sort(), ['forgotten', 'next'], 'each once');
      assert.match(String(errors[0]), /its offset is still held/);
      assert.equal((await log.committedOffsets('copy', Topic.requests))[0], 2);
    });

    test('the position passes transaction markers up to the very end', async () => {
      const { log } = await fresh();
      const writer = await log.producer({ transactionalId: 'writer' });
      for (let i = 0; i < 5; i += 1) await writer.send([record(Topic.config, `key-${i}`)]);
      const ends = await log.endOffsets(Topic.config);
      const last = { position: 0, isAtEnd: false };

      const processing = await log.process({
        group: 'markers',
        topic: Topic.config,
        isTransactional: false,
        tickMs: 50,
        open: async () => ({
          step: async ({ position, isAtEnd }) => {
            Object.assign(last, { position, isAtEnd });
            return { outputs: [], commit: position };
          },
          close: async () => {},
        }),
      });
      await eventually('the end', async () => last.isAtEnd || undefined);
      await processing.close();

      assert.deepEqual(ends, [10], 'five records, each with a marker');
      assert.equal(last.position, 10);
      assert.deepEqual(await log.committedOffsets('markers', Topic.config), [10]);
    });

    test('a member that joins or leaves moves its share only: what stays is not opened again', async () => {
      const { log, options } = await fresh();
      const member = async (opened: number[]) => {
        const own = await openKafkaLog(testOptions(options));
        logs.push(own);
        return own.process({
          group: 'sharing',
          topic: Topic.requests,
          isTransactional: true,
          tickMs: 50,
          open: async ({ partition }) => {
            opened.push(partition);
            return { step: async () => ({ outputs: [], commit: null }), close: async () => {} };
          },
        });
      };
      const count = await log.partitionCount(Topic.requests);
      const [first, second]: [number[], number[]] = [[], []];
      const one = await member(first);
      await eventually('all with one', async () => one.partitions().length === count || undefined);
      const two = await member(second);
      await eventually('half with each', async () =>
        [one, two].every((m) => m.partitions().length === count / 2) ? true : undefined,
      );
      assert.equal(first.length, count, 'the first has opened none again');
      assert.equal(second.length, count / 2);

      await two.close();
      await eventually('all with one again', async () => one.partitions().length === count || undefined);
      assert.equal(first.length, count + count / 2);
      await one.close();
    });

    test('records carry the time of their arrival, and every topic says so', async () => {
      const { log, options } = await fresh();
      const before = Date.now();
      await (await log.producer()).send([record(Topic.requests, 'a')]);
      const [read] = await follow(log, Topic.requests);

      assert.ok(
        read !== undefined && read.appendTimeMs >= before - 5_000 && read.appendTimeMs <= Date.now() + 5_000,
      );
      const admin = createClient({ ...testOptions(options), sockets: new Sockets() }).admin();
      await admin.connect();
      const resources = topicSpecs.map(({ topic }) => ({ type: 2, name: options.topicPrefix + topic }));
      const described = await admin.describeConfigs({ resources, includeSynonyms: false });
      await admin.disconnect();
      for (const { configEntries } of described.resources) {
        const config = new Map(configEntries.map((e) => [e.configName, e.configValue]));
        assert.equal(config.get('message.timestamp.type'), 'LogAppendTime');
      }
    });

    test('an idle log wakes the process rarely', async () => {
      const { log } = await fresh();
      await (await log.producer()).send([record(Topic.requests, 'a')]);
      await follow(log, Topic.requests);
      const original = globalThis.setTimeout;
      let armed = 0;
      globalThis.setTimeout = ((...args: Parameters<typeof original>) => {
        armed += 1;
        return original(...args);
      }) as typeof original;
      try {
        await sleep(1_000);
      } finally {
        globalThis.setTimeout = original;
      }

      // Without the mend of its request queue some 900 for each connection.
      assert.ok(armed < 300, `${armed} timers in a second`);
    });

    test('a send fails within its timeout while the broker is away, and works when it is back', async (t) => {
      if (broker === undefined) return t.skip('the broker is not ours to stop');
      const { log } = await fresh();
      const producer = await log.producer({ sendTimeoutMs: 1_500 });
      const patient = await log.producer();
      await producer.send([record(Topic.requests, 'before')]);
      await patient.send([record(Topic.requests, 'before')]);
      await broker.end('stop');

      await assert.rejects(
        producer.send([record(Topic.requests, 'refused')]),
        (error) =>
          error instanceof PrecedeError && error.code === ErrorCode.logUnavailable && error.retryable,
      );
      await assert.rejects(log.ping(500), { code: ErrorCode.logUnavailable });
      const waiting = patient.send([record(Topic.requests, 'patient')]);
      await broker.start();
      await waiting;
      await producer.send([record(Topic.requests, 'after')]);
      await log.ping(10_000);

      const keys = (await follow(log, Topic.requests)).map((r) => text(r.key));
      for (const key of ['before', 'patient', 'after']) assert.ok(keys.includes(key), key);
    });

    test('a single writer keeps to its timeout, those that wait their turn as well', async (t) => {
      if (broker === undefined) return t.skip('the broker is not ours to stop');
      const { log } = await fresh();
      const writer = await log.producer({ transactionalId: 'writer', sendTimeoutMs: 1_500 });
      await writer.send([record(Topic.config, 'before')]);
      await broker.end('kill');
      try {
        const start = performance.now();
        const sends = [1, 2, 3].map((i) => writer.send([record(Topic.config, `lost-${i}`)]));
        const ended = await Promise.allSettled(sends);
        assert.ok(ended.every(({ status }) => status === 'rejected'));
        // An attempt that has begun is not cut off: kafkajs looks for its broker for some seconds.
        assert.ok(performance.now() - start < 15_000);
      } finally {
        await broker.start();
      }
      const next = await log.producer({ transactionalId: 'writer' });
      await next.send([record(Topic.config, 'after')]);
      const keys = (await follow(log, Topic.config)).map((r) => text(r.key));
      assert.deepEqual(keys, ['before', 'after']);
    });

    for (const how of ['stop', 'kill'] as const)
      test(`a broker that restarts (${how}) in mid stream loses and doubles nothing`, async (t) => {
        if (broker === undefined) return t.skip('the broker is not ours to stop');
        const { log } = await fresh();
        const producer = await log.producer({ sendTimeoutMs: 60_000 });
        const errors: unknown[] = [];
        const processing = await copy(log, errors);
        const copied = await follow(log, Topic.sessions);
        const total = 400;

        const restarted = sleep(300).then(async () => {
          await broker.end(how);
          // Longer than kafkajs looks for a broker by itself, as a slow start is.
          if (how === 'kill') await sleep(10_000);
          await broker.start();
        });
        for (let i = 0; i < total; i += 1) {
          await producer.send([record(Topic.requests, `key-${i % 7}`, String(i))]);
          await sleep(2);
        }
        await restarted;
        await eventually('all copies', async () => copied.length >= total || undefined);
        await sleep(500);
        await processing.close();

        assert.deepEqual(
          copied.map((r) => Number(text(r.value))).sort((a, b) => a - b),
          Array.from({ length: total }, (_, i) => i),
        );
        for (let k = 0; k < 7; k += 1) {
          const ofKey = copied.filter((r) => text(r.key) === `key-${k}`).map((r) => Number(text(r.value)));
          assert.deepEqual(
            ofKey,
            [...ofKey].sort((a, b) => a - b),
            'in order',
          );
        }
      });

    test('a single writer goes on through a restart of the broker, each send once', async (t) => {
      if (broker === undefined) return t.skip('the broker is not ours to stop');
      const { log } = await fresh();
      const writer = await log.producer({ transactionalId: 'writer', sendTimeoutMs: 60_000 });
      const total = 200;

      const restarted = sleep(200).then(async () => {
        await broker.end('kill');
        // Longer than kafkajs looks for a broker by itself.
        await sleep(8_000);
        await broker.start();
      });
      for (let i = 0; i < total; i += 1) {
        await writer.send([record(Topic.config, `key-${i}`, 'a'), record(Topic.config, `key-${i}`, 'b')]);
        await sleep(2);
      }
      await restarted;

      const seen = await follow(log, Topic.config);
      assert.deepEqual(
        seen.map(({ key, value }) => `${text(key)} ${text(value)}`),
        Array.from({ length: total }, (_, i) => [`key-${i} a`, `key-${i} b`]).flat(),
      );
    });

    test('closes while the broker is away', async (t) => {
      if (broker === undefined) return t.skip('the broker is not ours to stop');
      const { log } = await fresh();
      const processing = await copy(log);
      await processing.ready;
      await follow(log, Topic.sessions);
      await broker.end('kill');
      try {
        const start = performance.now();
        await log.close();
        assert.ok(performance.now() - start < 30_000);
      } finally {
        await broker.start();
      }
    });
  });
