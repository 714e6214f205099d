import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { ConfigError, FencedError, Topic, topicSpecs, UnavailableError } from '@precede/contracts';
import {
  acquireKafka,
  type Certificate,
  eventually,
  hasOpenssl,
  kafkaUsers,
  reauthenticateWithinMs,
  type SecureKafka,
  startSecureKafka,
} from '@precede/testkit';
import kafkajs from 'kafkajs';
import { openKafkaLog, setUpKafka } from './kafka.ts';
import { createClient } from './kafka-client.ts';
import type { KafkaLogOptions } from './kafka-options.ts';
import { Sockets } from './kafka-sockets.ts';
import type { EventLog, LogRecord, OutgoingRecord } from './port.ts';

const kafka = await acquireKafka();
const skip = 'skip' in kafka ? kafka.skip : hasOpenssl() ? undefined : 'openssl is not found';

const prefix = `secure-${randomBytes(4).toString('hex')}.`;
const specs = topicSpecs.filter(({ topic }) => topic === Topic.requests || topic === Topic.sequences);

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const { READ, WRITE, DESCRIBE } = AclOperationTypes;
/** What docs/operations.md says a service needs. */
const serviceRights = (resourceType: number, operations: readonly number[]) =>
  operations.map((operation) => ({
    resourceType,
    resourceName: prefix,
    resourcePatternType: ResourcePatternTypes.PREFIXED,
    principal: 'User:service',
    host: '*',
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  }));

const rights = [
  ...serviceRights(AclResourceTypes.TOPIC, [READ, WRITE, DESCRIBE]),
  ...serviceRights(AclResourceTypes.GROUP, [READ]),
  ...serviceRights(AclResourceTypes.TRANSACTIONAL_ID, [WRITE, DESCRIBE]),
];

const grant = async (options: KafkaLogOptions): Promise<void> => {
  const admin = createClient({ ...options, sockets: new Sockets() }).admin();
  await admin.connect();
  await admin.createAcls({ acl: rights });
  await admin.disconnect();
};

const record = (key: string, value: string): OutgoingRecord => ({
  topic: Topic.requests,
  key: Buffer.from(key),
  value: Buffer.from(value),
});

/** The registry as a proxy with TLS would show it. */
const behindTls = async (target: string, { cert, key }: Certificate) => {
  const server = createServer({ cert, key }, async (from, to) => {
    const body = from.method === 'GET' ? null : await buffer(from);
    const headers = { 'content-type': from.headers['content-type'] ?? 'application/json' };
    const answer = await fetch(new URL(from.url ?? '/', target), {
      method: from.method ?? 'GET',
      headers,
      body,
    });
    to.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `https://127.0.0.1:${port}${new URL(target).pathname}`, close };
};

/** Reads requests.v1 to its end. */
const readAll = async (log: EventLog, topic: typeof Topic.requests | typeof Topic.sequences) => {
  const found: LogRecord[] = [];
  const tail = await log.tail({ topic, onRecords: (records) => void found.push(...records) });
  await tail.caughtUp;
  await tail.close();
  return found.map(({ value }) => value?.toString() ?? '');
};

/** Copies requests.v1 to sequences.v1, exactly once. */
const copy = (log: EventLog, group: string) =>
  log.process({
    group,
    topic: Topic.requests,
    isTransactional: true,
    outputs: [Topic.sequences],
    tickMs: 50,
    open: async () => ({
      step: async ({ records, position }) => ({
        outputs: records.map(({ key, value }) => ({
          topic: Topic.sequences,
          key: key ?? Buffer.alloc(0),
          value,
        })),
        commit: records.length > 0 ? position : null,
      }),
      close: async () => {},
    }),
  });

if (skip !== undefined) test('Kafka that asks who comes', { skip }, () => {});
else
  describe('Kafka that asks who comes', async () => {
    const { registryUrl, release } = kafka as Exclude<typeof kafka, { skip: string }>;
    const secure: SecureKafka = await startSecureKafka();
    const { authority, stranger } = secure;
    const base = {
      clientId: 'precede-test',
      topicPrefix: prefix,
      registryUrl,
      partitions: 2,
      replicationFactor: 1,
    };
    const admin: KafkaLogOptions = { ...base, brokers: secure.adminBrokers, startTimeoutMs: 0 };
    const service = { username: 'service', password: kafkaUsers.service };
    const ssl = { ca: authority.cert };
    const ours = authority.sign('service');
    const scram: KafkaLogOptions = {
      ...admin,
      brokers: secure.saslBrokers,
      createTopics: false,
      ssl,
      sasl: { mechanism: 'scram-sha-512', ...service },
    };
    const plain: KafkaLogOptions = { ...scram, sasl: { mechanism: 'plain', ...service } };
    const { sasl: _none, ...withoutLogin } = scram;
    const certificate: KafkaLogOptions = {
      ...withoutLogin,
      brokers: secure.certificateBrokers,
      ssl: { ...ssl, cert: ours.cert, key: ours.key },
    };
    const doors = { 'SCRAM-SHA-512': scram, 'SASL PLAIN': plain, 'a client certificate': certificate };
    const closers: (() => Promise<void>)[] = [];
    after(async () => {
      await Promise.all(closers.map((close) => close()));
      await secure.release();
      await release();
    });
    const open = async (options: KafkaLogOptions): Promise<EventLog> => {
      const log = await openKafkaLog(options);
      closers.push(() => log.close());
      return log;
    };

    test('who may not create topics is told what is missing and which command makes it', async () => {
      await grant(admin);
      const log = await open(scram);

      await assert.rejects(log.ensureTopics(specs), (error) => {
        assert.ok(error instanceof UnavailableError);
        assert.match(
          error.message,
          new RegExp(`topics ${prefix}requests.v1, ${prefix}sequences.v1; schemas `),
        );
        assert.match(error.message, /Run "precede topics"/);
        return true;
      });
    });

    test('who may not create topics and shall is told both ways out', async () => {
      await assert.rejects(setUpKafka({ ...scram, createTopics: true }, specs), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /does not let the user service create the topics/);
        assert.match(error.message, /PRECEDE_KAFKA_CREATE_TOPICS=false/);
        return true;
      });
    });

    test('who may makes them, once', async () => {
      const made = await setUpKafka(admin, specs);
      const again = await setUpKafka(admin, specs);

      assert.deepEqual([...new Set(made.map(({ state }) => state))], ['made']);
      assert.deepEqual([...new Set(again.map(({ state }) => state))], ['present']);
    });

    for (const [name, options] of Object.entries(doors))
      test(`a service with its few rights writes, reads and processes exactly once, known by ${name}`, async () => {
        const log = await open(options);
        await log.ensureTopics(specs);
        const sent = Array.from({ length: 50 }, (_, i) => `${name} ${i}`);
        const producer = await log.producer();

        await producer.send(sent.map((value, i) => record(`key-${i}`, value)));
        const copying = await copy(log, `copy ${name}`);
        await copying.ready;
        await eventually(`copies of ${name}`, async () => {
          const copies = (await readAll(log, Topic.sequences)).filter((value) => value.startsWith(name));
          return copies.length === sent.length ? true : undefined;
        });
        await copying.close();

        const written = await readAll(log, Topic.requests);
        assert.deepEqual(written.filter((value) => value.startsWith(name)).sort(), sent.sort());
      });

    for (const [name, options] of Object.entries(doors))
      test(`a second single writer fences the first, both known by ${name}`, async () => {
        const log = await open(options);
        await log.ensureTopics(specs);
        const transactionalId = `writer ${name}`;
        const first = await log.producer({ transactionalId });
        await first.send([record('key', `first of ${name}`)]);

        const second = await log.producer({ transactionalId });
        await second.send([record('key', `second of ${name}`)]);

        await assert.rejects(first.send([record('key', `late of ${name}`)]), FencedError);
        const written = (await readAll(log, Topic.requests)).filter((value) => value.endsWith(` of ${name}`));
        assert.deepEqual(written.sort(), [`first of ${name}`, `second of ${name}`]);
      });

    test('a session that the broker ends after a while is renewed on the connections that are there', async () => {
      const log = await open(scram);
      await log.ensureTopics(specs);
      const producer = await log.producer();
      const seen = new Set<string>();
      const tail = await log.tail({
        topic: Topic.requests,
        onRecords: (records) => {
          for (const { value } of records) seen.add(value?.toString() ?? '');
        },
      });
      await tail.caughtUp;
      const copying = await copy(log, 'copy renewed');
      await copying.ready;
      const send = async (i: number): Promise<void> => {
        await producer.send(['a', 'b', 'c'].map((key) => record(key, `renewed ${i} ${key}`)));
      };
      await send(0);
      const before = secure.connections();

      const untilMs = performance.now() + 1.5 * reauthenticateWithinMs;
      let count = 1;
      for (; performance.now() < untilMs; count += 1) await send(count);

      await eventually('everything that was sent', async () =>
        seen.has(`renewed ${count - 1} c`) &&
        [...seen].filter((v) => v.startsWith('renewed')).length === 3 * count
          ? true
          : undefined,
      );
      assert.equal(secure.connections(), before);
      await copying.close();
    });

    test('a registry with a certificate of an own authority is asked over TLS', async () => {
      const registry = await behindTls(registryUrl, authority.sign('registry'));
      closers.push(registry.close);
      const trusting = { ...admin, registryUrl: registry.url, registryTls: { ca: authority.cert } };

      const found = await setUpKafka(trusting, specs);
      const doubting = setUpKafka({ ...trusting, registryTls: { ca: stranger.cert } }, specs);

      assert.deepEqual([...new Set(found.map(({ state }) => state))], ['present']);
      await assert.rejects(doubting, (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /PRECEDE_SCHEMA_REGISTRY_TLS_CA does not vouch for/);
        return true;
      });
    });

    const wrong: readonly (readonly [string, KafkaLogOptions, RegExp])[] = [
      [
        'a wrong password with SCRAM',
        { ...scram, sasl: { mechanism: 'scram-sha-512', username: 'service', password: 'guessed' } },
        /refuses the credentials of service: .*PRECEDE_KAFKA_SASL_PASSWORD/,
      ],
      [
        'a wrong password with PLAIN',
        { ...scram, sasl: { mechanism: 'plain', username: 'service', password: 'guessed' } },
        /refuses the credentials of service: .*PRECEDE_KAFKA_SASL_PASSWORD/,
      ],
      [
        'a mechanism that is not offered',
        { ...scram, sasl: { mechanism: 'scram-sha-256', ...service } },
        /login scram-sha-256.*PRECEDE_KAFKA_SASL_MECHANISM/,
      ],
      [
        'an authority that did not sign for the broker',
        { ...scram, ssl: { ca: stranger.cert } },
        /a certificate that PRECEDE_KAFKA_TLS_CA does not vouch for/,
      ],
      [
        'no authority at all',
        { ...scram, ssl: {} },
        /a certificate that PRECEDE_KAFKA_TLS_CA does not vouch for/,
      ],
      [
        'plain text to a port with TLS',
        { ...admin, brokers: secure.certificateBrokers },
        /set PRECEDE_KAFKA_TLS=true or PRECEDE_KAFKA_SASL_MECHANISM/,
      ],
      ['TLS to a port with plain text', { ...admin, ssl }, /does not speak TLS.*PRECEDE_KAFKA_TLS=false/],
      ['no login where one is asked for', withoutLogin, /PRECEDE_KAFKA_SASL_MECHANISM/],
      [
        'a login where none is offered',
        { ...admin, sasl: { mechanism: 'plain', ...service } },
        /takes no login plain here: look at PRECEDE_KAFKA_SASL_MECHANISM/,
      ],
      [
        'no client certificate where one is asked for',
        { ...certificate, ssl },
        /client certificate.*PRECEDE_KAFKA_TLS_CERT/,
      ],
      [
        'a client certificate of another authority',
        { ...certificate, ssl: { ...ssl, ...keyPair(stranger.sign('service')) } },
        /client certificate.*PRECEDE_KAFKA_TLS_CERT/,
      ],
    ];
    for (const [what, options, sentence] of wrong)
      test(`${what} is told in a sentence that names the setting`, async () => {
        const log = await open({ ...options, startTimeoutMs: 0 });

        await assert.rejects(log.ensureTopics(specs), { message: sentence });
      });
  });

function keyPair({ cert, key }: { readonly cert: string; readonly key: string }) {
  return { cert, key };
}
