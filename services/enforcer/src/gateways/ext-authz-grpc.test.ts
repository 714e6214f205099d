/** The gRPC server, asked by another implementation of gRPC and by hand. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { after, beforeEach, describe, test } from 'node:test';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { ErrorCode, InputError, UnavailableError } from '@precede/contracts';
import { createHealth, createLogger, noTracing, type Soon } from '@precede/service';
import type { Decision } from '../decision.ts';
import type { Decide } from '../pipeline.ts';
import { startExtAuthz } from './ext-authz-grpc.ts';
import { allow, CheckRequest, CheckResponse, deny, messageOf } from './gateways.test-kit.ts';
import type { GrpcServer } from './grpc-server.ts';

const check = '/envoy.service.auth.v3.Authorization/Check';
const health = createHealth();
const logger = createLogger('enforcer', 'silent');
const counted: string[] = [];
const count = (face: string, outcome: string): void => {
  counted.push(`${face} ${outcome}`);
};
const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing) await close();
});

const serve = async (decide: Decide, token = ''): Promise<GrpcServer> => {
  const server = await startExtAuthz(
    { decide, token, logger, health, count, tracing: noTracing },
    { host: '127.0.0.1', port: 0, maxMessageBytes: 100_000 },
  );
  closing.push(() => server.close());
  return server;
};

const clientOf = (port: number): Client => {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  closing.push(() => client.close());
  return client;
};

interface Asked {
  readonly path?: string;
  readonly body?: Buffer;
  readonly metadata?: Metadata;
  readonly timeoutMs?: number;
  readonly method?: string;
}

const askRaw = (client: Client, message: Buffer, { method = check, metadata, timeoutMs }: Asked = {}) =>
  new Promise<Buffer>((resolve, reject) => {
    const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    const same = (bytes: Buffer): Buffer => bytes;
    client.makeUnaryRequest(
      method,
      same,
      same,
      message,
      metadata ?? new Metadata(),
      options,
      (error, answer) => (error === null ? resolve(answer ?? Buffer.alloc(0)) : reject(error)),
    );
  });

const ask = async (client: Client, asked: Asked = {}): Promise<number> => {
  const http = {
    method: 'GET',
    path: asked.path ?? '/',
    host: 'a.b',
    raw_body: asked.body ?? Buffer.alloc(0),
  };
  const answer = await askRaw(client, CheckRequest.encode({ attributes: { request: { http } } }), asked);
  const response = CheckResponse.decode(answer) as { denied_response?: { status: { code: number } } };
  return response.denied_response?.status.code ?? 200;
};

const failsWith = (code: number) => (error: unknown) => (error as ServiceError).code === code;
const never = (): Promise<Decision> => new Promise(() => {});

describe('the gRPC server', () => {
  test('answers many calls at once on one connection, each with its own answer', async () => {
    const later = (status: number): Promise<Decision> =>
      new Promise((resolve) => setImmediate(() => resolve(deny({ status }))));
    const { port } = await serve((_zone, { path }) => {
      const wanted = Number(path.slice(1));
      return wanted % 2 === 0 ? later(wanted) : deny({ status: wanted });
    });
    const client = clientOf(port);
    const wanted = Array.from({ length: 200 }, (_, at) => 300 + at);

    const got = await Promise.all(wanted.map((each) => ask(client, { path: `/${each}` })));

    assert.deepEqual(got, wanted);
  });

  test('reads a request in many pieces', async () => {
    let length = 0;
    const { port } = await serve((_zone, { body }) => {
      length = body?.length ?? 0;
      return allow;
    });

    await ask(clientOf(port), { body: Buffer.alloc(90_000, 1) });

    assert.equal(length, 90_000);
  });

  test('denies a request that is too large, as a fault would let it pass some gateways', async () => {
    const { port } = await serve(() => allow);

    assert.equal(await ask(clientOf(port), { body: Buffer.alloc(1_000_000) }), 413);
  });

  test('answers faults by the status of their kind, whether thrown or rejected', async () => {
    const faults: readonly [Error, number][] = [
      [new InputError('/zone_id', 'größer % as text'), status.INVALID_ARGUMENT],
      [new InputError('', 'gone', ErrorCode.zoneUnknown), status.NOT_FOUND],
      [new UnavailableError(ErrorCode.logUnavailable, 'not yet'), status.UNAVAILABLE],
      [new TypeError('of our own making'), status.INTERNAL],
    ];
    let fail: () => Soon<Decision> = () => allow;
    const { port } = await serve(() => fail());
    const client = clientOf(port);

    for (const [fault, code] of faults) {
      fail = () => {
        throw fault;
      };
      await assert.rejects(ask(client), failsWith(code));
      fail = () => Promise.reject(fault);
      await assert.rejects(ask(client), failsWith(code));
    }
    fail = () => Promise.reject(faults[0]?.[0]);
    await assert.rejects(ask(client), /größer % as text/);
    fail = () => Promise.reject(faults[3]?.[0]);
    await assert.rejects(ask(client), (error: Error) => !error.message.includes('making'));
  });

  test('counts what came of each call', async () => {
    let decision: () => Decision = () => allow;
    const client = clientOf((await serve(() => decision())).port);
    counted.length = 0;

    await ask(client);
    decision = () => deny({});
    await ask(client);
    decision = () => {
      throw new InputError('', 'gone', ErrorCode.zoneUnknown);
    };
    await assert.rejects(ask(client));

    const outcomes = ['allow', 'deny', 'fault'];
    assert.deepEqual(
      counted,
      outcomes.map((each) => `ext_authz_grpc ${each}`),
    );
  });

  test('asks for the token', async () => {
    const { port } = await serve(() => allow, 'secret');
    const client = clientOf(port);
    const shown = (text: string): Metadata => {
      const metadata = new Metadata();
      metadata.set('authorization', text);
      return metadata;
    };

    assert.equal(await ask(client, { metadata: shown('Bearer secret') }), 200);
    await assert.rejects(ask(client, { metadata: shown('Bearer other') }), failsWith(status.UNAUTHENTICATED));
    await assert.rejects(ask(client), failsWith(status.UNAUTHENTICATED));
  });

  test('keeps to the deadline of the caller', async () => {
    const { port } = await serve(() => never());
    const session = connect(`http://127.0.0.1:${port}`);
    closing.push(() => session.destroy());

    const { trailers } = await call(session, { 'grpc-timeout': '20m' }, framed(Buffer.alloc(0)));

    assert.equal(trailers['grpc-status'], String(status.DEADLINE_EXCEEDED));
    await assert.rejects(ask(clientOf(port), { timeoutMs: 30 }), failsWith(status.DEADLINE_EXCEEDED));
  });

  test('tells how long a request has been here', async () => {
    let elapsed = -1;
    const { port } = await serve((_zone, _request, elapsedMs) => {
      elapsed = elapsedMs();
      return allow;
    });

    await ask(clientOf(port));

    assert.ok(elapsed >= 0 && elapsed < 60_000);
  });

  test('goes on when callers give up', async () => {
    let give: (decision: Decision) => void = () => {};
    const { port } = await serve((_zone, { path }) =>
      path === '/wait'
        ? new Promise<Decision>((resolve) => {
            give = resolve;
          })
        : allow,
    );
    const client = clientOf(port);
    await assert.rejects(ask(client, { path: '/wait', timeoutMs: 50 }), failsWith(status.DEADLINE_EXCEEDED));

    give(allow);

    assert.equal(await ask(client), 200);
  });

  test('has no other methods', async () => {
    const { port } = await serve(() => allow);

    const asked = askRaw(clientOf(port), Buffer.alloc(0), {
      method: '/envoy.service.auth.v3.Authorization/Other',
    });

    await assert.rejects(asked, failsWith(status.UNIMPLEMENTED));
  });

  test('closes once every call that it began is answered, and no caller loses one', async () => {
    const waiting: (() => void)[] = [];
    const slow: Decide = () => new Promise((resolve) => waiting.push(() => resolve(allow)));
    const server = await serve(slow);
    const client = clientOf(server.port);
    const calls = Array.from({ length: 20 }, () => ask(client));
    while (waiting.length < 20) await new Promise((resolve) => setImmediate(resolve));

    const closed = server.close();
    for (const answer of waiting) answer();

    assert.deepEqual(await Promise.all(calls), Array(20).fill(200));
    await closed;
    await assert.rejects(ask(client, { timeoutMs: 1000 }), failsWith(status.UNAVAILABLE));
  });
});

describe('a server that closes under load', () => {
  test('loses no call of a caller that has another', async () => {
    const decide: Decide = () => new Promise((resolve) => setImmediate(() => resolve(allow)));
    const [going, staying] = [await serve(decide), await serve(decide)];
    const target = `ipv4:127.0.0.1:${going.port},127.0.0.1:${staying.port}`;
    const client = new Client(target, credentials.createInsecure());
    closing.push(() => client.close());
    let isClosed = false;
    let answered = 0;
    const caller = async (): Promise<void> => {
      for (let after = 0; after < 20; after += isClosed ? 1 : 0) {
        assert.equal(await ask(client), 200);
        answered += 1;
      }
    };

    const callers = Array.from({ length: 16 }, caller);
    while (answered < 500) await new Promise((resolve) => setImmediate(resolve));
    await going.close();
    isClosed = true;

    await Promise.all(callers);
  });
});

describe('the health service', () => {
  const Request = messageOf('grpc.health.v1.HealthCheckRequest');
  const Response = messageOf('grpc.health.v1.HealthCheckResponse');
  let client: Client;
  beforeEach(async () => {
    client = clientOf((await serve(() => allow)).port);
  });
  const askHealth = async (service: string): Promise<unknown> => {
    const message = Request.encode({ service });
    return Response.decode(await askRaw(client, message, { method: '/grpc.health.v1.Health/Check' }))[
      'status'
    ];
  };

  test('follows the readiness of the process', async () => {
    health.set('snapshot', false);
    assert.equal(await askHealth(''), 2);

    health.set('snapshot', true);
    assert.equal(await askHealth(''), 1);
    assert.equal(await askHealth('envoy.service.auth.v3.Authorization'), 1);
  });

  test('knows no other service', async () => {
    await assert.rejects(askHealth('shop'), failsWith(status.NOT_FOUND));
  });
});

const framed = (message: Buffer, isCompressed = false): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix[0] = isCompressed ? 1 : 0;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};

/** One call by hand; the status of a call without an answer stands in its headers. */
const call = async (session: ClientHttp2Session, headers: IncomingHttpHeaders, body: Buffer) => {
  const usual = { ':method': 'POST', ':path': check, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request({ ...usual, ...headers }, { endStream: false });
  let trailers: IncomingHttpHeaders = {};
  stream.on('trailers', (got) => {
    trailers = got;
  });
  stream.resume();
  stream.end(body);
  const [response] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }];
  await once(stream, 'close');
  return { httpStatus: response[':status'], trailers: { ...response, ...trailers } };
};

describe('the framing of gRPC', () => {
  let session: ClientHttp2Session;
  beforeEach(async () => {
    session = connect(`http://127.0.0.1:${(await serve(() => allow)).port}`);
    closing.push(() => session.destroy());
  });
  const statusOf = async (headers: IncomingHttpHeaders, body: Buffer): Promise<string | undefined> =>
    (await call(session, headers, body)).trailers['grpc-status'] as string | undefined;
  const message = CheckRequest.encode({ attributes: { request: { http: { method: 'GET' } } } });

  test('answers a whole message with status 0 in the trailers', async () => {
    assert.equal(await statusOf({}, framed(message)), '0');
    assert.equal(await statusOf({ 'content-type': 'application/grpc+proto' }, framed(message)), '0');
  });

  test('refuses compressed messages as not implemented', async () => {
    assert.equal(
      await statusOf({ 'grpc-encoding': 'gzip' }, framed(message, true)),
      String(status.UNIMPLEMENTED),
    );
  });

  test('refuses what is not one whole message', async () => {
    const invalid = String(status.INVALID_ARGUMENT);
    assert.equal(await statusOf({}, Buffer.alloc(0)), invalid);
    assert.equal(await statusOf({}, framed(message).subarray(0, 8)), invalid);
    assert.equal(await statusOf({}, Buffer.concat([framed(message), framed(message)])), invalid);
    assert.equal(await statusOf({ 'grpc-timeout': 'soon' }, framed(message)), invalid);
    assert.equal(await statusOf({}, framed(Buffer.from([0xff, 0xff]))), invalid);
  });

  test('answers what is not gRPC in HTTP', async () => {
    assert.equal((await call(session, { 'content-type': 'text/plain' }, Buffer.alloc(0))).httpStatus, 415);
    assert.equal((await call(session, { ':method': 'GET' }, Buffer.alloc(0))).httpStatus, 405);
  });
});
