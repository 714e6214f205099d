import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { UnavailableError } from '@precede/contracts';
import { ApiClient } from './api-client.ts';
import { RefusedError } from './exit.ts';

type Answer = readonly [status: number, body: string];

/** Answers with one after the other, the last one for ever. */
const serverOf = async (t: TestContext, ...answers: readonly Answer[]): Promise<string> => {
  let asked = 0;
  const server = createServer((_, response) => {
    const [status, body] = answers[Math.min(asked++, answers.length - 1)] ?? [500, ''];
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const zones: Answer = [200, JSON.stringify({ success: true, result: ['a zone'], errors: [], messages: [] })];
const waiting: Answer = [
  503,
  JSON.stringify({ error: { code: 'PRECEDE_LOG_UNAVAILABLE', message: 'not yet' } }),
];
const proxy: Answer = [502, '<html>bad gateway</html>'];

test('a patient client waits out a control that has not started, and a proxy before one that is away', async (t) => {
  const api = new ApiClient({ url: await serverOf(t, waiting, proxy, zones), token: 'token' });
  api.bePatient(60_000);

  assert.deepEqual(await api.get('/zones'), ['a zone']);
});

test('another client is told that the service is away', async (t) => {
  const api = new ApiClient({ url: await serverOf(t, waiting), token: 'token' });

  await assert.rejects(api.get('/zones'), UnavailableError);
});

test('what is no answer of the management API is shown and not repeated', async (t) => {
  const api = new ApiClient({ url: await serverOf(t, [404, 'nothing here'], zones), token: 'token' });
  api.bePatient(60_000);

  await assert.rejects(
    api.get('/zones'),
    (error: unknown) => error instanceof RefusedError && /nothing here/.test(error.message),
  );
});
