/** Each gateway before the enforcer itself: a rule of each action, from the log to the client and the origin. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '@precede/testkit';
import { findGateway } from './gateway-binaries.ts';
import { type GatewayProcess, startGateway } from './gateway-process.ts';
import { type Gateway, gateways } from './gateways.ts';
import { type Answered, type Asked, ask, hangUp } from './http-client.ts';
import { type Origin, startOrigin } from './origin.ts';
import { type RealEnforcer, startRealEnforcer } from './real-enforcer.ts';

const describeOn = ({ name, binary, kind, features }: Gateway): void => {
  const path = findGateway(binary);
  const skip = path === undefined ? `${binary} is not installed: tools/gateways/install.sh` : false;
  describe(`${name}, before the enforcer`, { skip }, () => {
    let origin: Origin;
    let enforcer: RealEnforcer;
    let gateway: GatewayProcess;
    const send = (asked: Asked): Promise<Answered> => ask(gateway.port, asked);
    before(async () => {
      [origin, enforcer] = [await startOrigin(), await startRealEnforcer()];
      const ports = { origin: origin.port, http: enforcer.httpPort, grpc: enforcer.grpcPort };
      gateway = await startGateway({ ...kind, binary: path ?? '' }, ports, false);
      const isBlocked = async () => ((await send({ path: '/block' })).status === 451 ? true : undefined);
      await eventually('a decision', isBlocked, 20_000);
    });
    after(async () => {
      hangUp();
      await gateway.stop();
      await enforcer.close();
      await origin.close();
    });

    test('a sequence rule denies an operation whose start did not come before, and then lets it pass', async () => {
      const headers = { cookie: 'sid=one' };
      const denied = await send({ method: 'POST', path: '/pay', headers });
      await send({ path: '/cart?x=1', headers });
      const allowed = await send({ method: 'POST', path: '/pay', headers, body: 'money' });
      const other = await send({ method: 'POST', path: '/pay', headers: { cookie: 'sid=two' } });

      assert.deepEqual([denied.status, allowed.status, other.status], [403, 200, 403]);
      assert.ok(denied.headers['x-precede-decision']);
      assert.equal(origin.received.at(-1)?.bodyBytes, 5);
    });

    test('rules by expression block, log, limit, redirect and change headers', async () => {
      const block = await send({ path: '/block' });
      const log = await send({ path: '/log' });
      const limited: Answered[] = [];
      for (let count = 0; count < 3; count += 1) limited.push(await send({ path: '/limited' }));
      const redirect = await send({ path: '/old?a=1&b=%2F' });
      const headers = { 'x-tier': 'mine', 'x-list': ['one', 'two'], 'x-seen': 'yes' };
      await send({ path: '/headers', headers });

      assert.equal(block.status, 451);
      assert.equal(block.headers['content-type'], 'application/problem+json');
      assert.equal(block.body, '{"title":"größer"}');
      assert.equal(log.status, 200);
      assert.deepEqual(
        limited.map((each) => each.status),
        [200, 200, 429],
      );
      const retryAfter = Number(limited[2]?.headers['retry-after']);
      assert.ok(retryAfter >= 1 && retryAfter <= 60, `Retry-After: ${retryAfter}`);
      assert.deepEqual([redirect.status, redirect.headers.location], [308, '/new/old?a=1&b=%2F']);
      const got = origin.received.at(-1)?.headers ?? {};
      assert.deepEqual([got['x-tier'], got['x-seen']], ['GET', undefined]);
      assert.equal(String(got['x-list']).replaceAll(', ', ','), 'one,two,added');
    });

    test('an enforcer that stops leaves no request without an answer', async () => {
      let isStopped = false;
      const statuses = new Set<number>();
      const caller = async (): Promise<void> => {
        for (let after = 0; after < 3; after += isStopped ? 1 : 0)
          statuses.add((await send({ path: '/cart' })).status);
      };
      const callers = [caller(), caller()];
      await eventually('requests', async () => (statuses.has(200) ? true : undefined));

      await enforcer.close();
      isStopped = true;
      await Promise.all(callers);

      const { dead, undecided, slow } = features.failed;
      for (const status of statuses)
        assert.ok([200, dead, undecided, slow].includes(status), `status ${status}`);
      assert.equal((await send({ path: '/cart' })).status, dead);
    });
  });
};

for (const gateway of gateways) describeOn(gateway);
