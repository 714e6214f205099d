/**
 * Services that may create nothing, from the first start to the last stop: they wait until `precede topics` and `precede
 * migrate` have run, work as accounts with few rights, and stop under load without one failed request.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  acquireKafka,
  callControl,
  eventually,
  freePort,
  type Running,
  run,
  sessionKey,
  start,
  token,
} from '@precede/testkit';
import { type Load, startGrpcLoad, startHttpLoad } from './steady-load.ts';

const kafka = await acquireKafka();

/** The account of the services; nobody but `precede migrate` is `precede`. */
const servicePassword = randomBytes(12).toString('hex');
const serviceUser = `<clickhouse><users><service>
  <password>${servicePassword}</password><networks><ip>127.0.0.1</ip></networks>
  <profile>default</profile><quota>default</quota>
  <grants><query>GRANT SELECT, INSERT, dictGet ON precede.*</query></grants>
</service></users></clickhouse>`;

const drainMs = 1_500;
const closeMs = 10_000;

/** A length-delimited field of a protobuf message. */
const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
};

/** Envoy's question about one request, of the zone that the route names. */
const checkOf = (zoneId: string): Buffer => {
  const http = Buffer.concat([field(2, 'GET'), field(4, '/items/7'), field(5, 'shop.example.com')]);
  const extension = Buffer.concat([field(1, 'zone_id'), field(2, zoneId)]);
  return field(1, Buffer.concat([field(4, field(2, http)), field(10, extension)]));
};

if ('skip' in kafka) test('set-up and stop', { skip: kafka.skip }, () => {});
else
  describe('services that may create nothing', () => {
    const dir = mkdtempSync(join(tmpdir(), 'precede-set-up-'));
    const running = new Map<string, Running>();
    const ports = new Map<string, number>();
    const portOf = (name: string): number => ports.get(name) ?? 0;
    const addressOf = (name: string): string => `http://127.0.0.1:${portOf(name)}`;
    let zoneId = '';

    const connections = {
      PRECEDE_KAFKA_BROKERS: kafka.brokers.join(','),
      PRECEDE_SCHEMA_REGISTRY_URL: kafka.registryUrl,
      PRECEDE_KAFKA_TOPIC_PREFIX: `set-up-${randomBytes(4).toString('hex')}.`,
      PRECEDE_KAFKA_PARTITIONS: '2',
      PRECEDE_KAFKA_REPLICATION_FACTOR: '1',
    };
    const clickhouse = () => ({ PRECEDE_CLICKHOUSE_URL: addressOf('clickhouse') });
    const secrets = join(dir, 'session-key');
    const begin = (instance: string): void => {
      const [service = ''] = instance.split('-');
      const name = service.toUpperCase();
      const env = {
        ...connections,
        ...clickhouse(),
        PRECEDE_CLICKHOUSE_USERNAME: 'service',
        PRECEDE_CLICKHOUSE_PASSWORD: servicePassword,
        PRECEDE_KAFKA_CREATE_TOPICS: 'false',
        PRECEDE_CLICKHOUSE_MIGRATE: 'false',
        PRECEDE_SESSION_KEY_FILE: secrets,
        PRECEDE_CONTROL_ADMIN_TOKEN: token,
        PRECEDE_CONTROL_INGEST_URL: addressOf('ingest-a'),
        PRECEDE_CONTROL_ENFORCER_URL: addressOf('enforcer-a'),
        PRECEDE_ENFORCER_GRPC_PORT: String(portOf(`${instance}-grpc`)),
        // Here it is asked whether every request is answered, not how soon on a busy machine.
        PRECEDE_ENFORCER_DEADLINE: '10s',
        PRECEDE_DRAIN: `${drainMs}ms`,
        [`PRECEDE_${name}_HOST`]: '127.0.0.1',
        [`PRECEDE_${name}_PORT`]: String(portOf(instance)),
      };
      running.set(instance, start(`services/${service}/src/main.ts`, [], env));
    };
    const conditionsOf = async (instance: string) => {
      const response = await fetch(`${addressOf(instance)}/readyz`);
      const { conditions } = (await response.json()) as {
        conditions: Record<string, { ok: boolean; detail: string }>;
      };
      return { isReady: response.ok, conditions };
    };
    const untilReady = (instance: string): Promise<true> =>
      eventually(`${instance} ready`, async () =>
        (await conditionsOf(instance)).isReady ? true : undefined,
      ).catch((cause: unknown) => {
        throw new Error(`${instance} is not ready:\n${running.get(instance)?.output()}`, { cause });
      });
    const detailOf = (instance: string, condition: string, pattern: RegExp): Promise<string> =>
      eventually(`${instance} tells of ${condition}`, async () => {
        const { isReady, conditions } = await conditionsOf(instance);
        const detail = conditions[condition]?.detail ?? '';
        return !isReady && pattern.test(detail) ? detail : undefined;
      });

    const instances = [
      'control',
      'ingest-a',
      'ingest-b',
      'sessionizer',
      'scorer',
      'enforcer-a',
      'enforcer-b',
    ];

    before(async () => {
      for (const name of [...instances, 'enforcer-a-grpc', 'enforcer-b-grpc', 'clickhouse'])
        ports.set(name, await freePort());
      writeFileSync(secrets, `${sessionKey}\n`);
      mkdirSync(join(dir, 'data', 'clickhouse', 'users.d'), { recursive: true });
      writeFileSync(join(dir, 'data', 'clickhouse', 'users.d', 'service.xml'), serviceUser);
      const args = ['clickhouse', '--data', join(dir, 'data'), '--port', String(portOf('clickhouse'))];
      running.set('clickhouse', start('cli/src/main.ts', args, {}));
      for (const instance of instances) begin(instance);
    });
    after(async () => {
      for (const each of running.values()) each.kill('SIGTERM');
      await Promise.all([...running.values()].map(({ exited }) => exited));
      rmSync(dir, { recursive: true, force: true });
      await kafka.release();
    });

    test('they live, are not ready, and name what is missing and the command that makes it', async () => {
      for (const instance of ['control', 'ingest-a', 'sessionizer', 'scorer'])
        await detailOf(instance, 'topics', /topics .*requests\.v1.*Run "precede topics"/);
      await detailOf('enforcer-a', 'config', /Run "precede topics"/);
      assert.equal((await fetch(`${addressOf('ingest-a')}/livez`)).status, 200);
      await assert.rejects(run(['topics', '--check'], connections), /ended with 6:[\s\S]*missing/);
    });

    test('`precede topics` and `precede migrate` let them go on, and do nothing a second time', async () => {
      await run(['topics'], connections);
      await detailOf('scorer', 'tables', /Run "precede migrate"/);
      const owner = {
        ...clickhouse(),
        PRECEDE_CLICKHOUSE_USERNAME: 'precede',
        PRECEDE_CLICKHOUSE_PASSWORD_FILE: join(dir, 'data', 'clickhouse', 'precede.password'),
      };
      assert.ok(readFileSync(owner.PRECEDE_CLICKHOUSE_PASSWORD_FILE, 'utf8').length > 0);
      await run(['migrate'], owner);

      for (const instance of instances.filter((name) => !name.startsWith('enforcer')))
        await untilReady(instance);
      const again = [await run(['topics'], connections), await run(['migrate'], owner)].join('');
      assert.doesNotMatch(again, /^(created|registered|applied|set) /m);
      await run(['topics', '--check'], connections);
      await run(['migrate', '--check'], owner);
    });

    test('with their few rights they count and score', async () => {
      const zone = await callControl<{ id: string }>(addressOf('control'), 'POST', '/zones', {
        name: 'shop',
      });
      zoneId = zone.id;
      for (const endpoint of ['/cart', '/checkout'])
        await callControl(addressOf('control'), 'POST', `/zones/${zoneId}/api_gateway/operations/item`, {
          ...{ method: 'GET', host: 'shop.example.com', endpoint },
        });
      for (const instance of ['enforcer-a', 'enforcer-b']) await untilReady(instance);
      const log = join(dir, 'requests.ndjson');
      const lines = Array.from({ length: 200 }, (_, i) => ({
        time: new Date(Date.now() - 60_000 + 100 * i).toISOString(),
        method: 'GET',
        host: 'shop.example.com',
        path: i % 2 === 0 ? '/cart' : '/checkout',
        session: `client-${Math.floor(i / 2)}`,
      }));
      writeFileSync(log, lines.map((line) => JSON.stringify(line)).join('\n'));
      const target = { PRECEDE_URL: addressOf('control'), PRECEDE_TOKEN: token };

      await run(['import', log, '--format', 'ndjson', '--zone', zoneId, '--wait'], target);
      const found = await run(['sequences', '--zone', zoneId], target);

      assert.match(found, /cart[\s\S]*checkout/);
    });

    const underWay = async (load: Load, from = 0): Promise<void> => {
      await eventually('answers', async () =>
        load.answered() > from + 300 || load.faults.length > 0 ? true : undefined,
      );
      assert.deepEqual(load.faults, []);
    };
    const stopUnder = async (instance: string, load: Load): Promise<void> => {
      const process = running.get(instance);
      assert.ok(process !== undefined);
      await underWay(load);
      const startedMs = performance.now();

      process.kill('SIGTERM');
      await eventually(`${instance} draining`, async () =>
        process.output().includes('"stopping"') ? true : undefined,
      );
      const code = await process.exited;
      const tookMs = performance.now() - startedMs;
      const atEnd = load.answered();

      if (instance.includes('-'))
        await eventually('answers of the other', async () =>
          load.answered() > atEnd + 300 ? true : undefined,
        );
      await load.stop();
      running.delete(instance);
      assert.deepEqual(load.faults, []);
      assert.equal(load.hasMoved(), true);
      assert.equal(code, 0, process.output());
      assert.ok(tookMs < drainMs + closeMs, `${instance} took ${tookMs} ms`);
    };

    test('ingest stops under load, and no body fails', async (t) => {
      const load = startHttpLoad({
        addresses: [addressOf('ingest-a'), addressOf('ingest-b')],
        method: 'POST',
        path: `/v1/zones/${zoneId}/events`,
        headers: { 'content-type': 'application/x-ndjson' },
        body: JSON.stringify({
          time: Date.now(),
          method: 'GET',
          host: 'shop.example.com',
          path: '/cart',
          session: 'steady',
        }),
        clients: 16,
      });

      await stopUnder('ingest-a', load);
      t.diagnostic(`${load.answered()} bodies acknowledged`);
    });

    test('the enforcer stops under load of both its ports, and no decision fails', async (t) => {
      const http = startHttpLoad({
        addresses: [addressOf('enforcer-a'), addressOf('enforcer-b')],
        method: 'POST',
        path: '/v1/decide',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ zone_id: zoneId, method: 'GET', host: 'shop.example.com', path: '/cart' }),
        clients: 16,
      });
      const grpc = startGrpcLoad({
        ports: [portOf('enforcer-a-grpc'), portOf('enforcer-b-grpc')],
        method: '/envoy.service.auth.v3.Authorization/Check',
        message: checkOf(zoneId),
        clients: 16,
      });
      await underWay(grpc);

      await stopUnder('enforcer-a', http);
      const atEnd = grpc.answered();
      await eventually('gRPC answers of the other', async () =>
        grpc.answered() > atEnd + 300 ? true : undefined,
      );
      await grpc.stop();
      assert.deepEqual(grpc.faults, []);
      t.diagnostic(`${http.answered()} decisions over HTTP, ${grpc.answered()} over gRPC`);
    });

    test('control stops under load, and no question fails', async (t) => {
      const load = startHttpLoad({
        addresses: [addressOf('control')],
        method: 'GET',
        path: `/client/v4/zones/${zoneId}/api_gateway/operations`,
        headers: { authorization: `Bearer ${token}` },
        clients: 8,
      });

      await stopUnder('control', load);
      t.diagnostic(`${load.answered()} questions answered`);
    });

    test('sessionizer and scorer stop in time', async () => {
      for (const instance of ['sessionizer', 'scorer']) {
        const process = running.get(instance);
        const startedMs = performance.now();
        process?.kill('SIGTERM');
        const code = await process?.exited;
        running.delete(instance);

        assert.equal(code, 0, process?.output());
        assert.ok(performance.now() - startedMs < drainMs + closeMs);
      }
    });
  });
