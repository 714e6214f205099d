/** Traces over the real SDK, to a collector that reads the protocol. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { eventually, freePort } from '@precede/testkit';
import { type OtlpCollector, startOtlpCollector } from '@precede/testkit/otlp-collector';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { loadConfig } from './config.ts';
import { startTracing } from './start-tracing.ts';
import { asSpan, logFieldsOf, newTrace, noTracing, type Tracing } from './tracing.ts';
import { tracingFields } from './tracing-config.ts';

const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };
const traceparent = `00-${parent.traceId}-${parent.spanId}-01`;

let collector: OtlpCollector;
before(async () => {
  collector = await startOtlpCollector();
});
after(() => collector.close());

interface Traced {
  readonly tracing: Tracing;
  readonly lines: Record<string, unknown>[];
  count(outcome: string): Promise<number>;
}

const open = async (env: Record<string, string> = {}): Promise<Traced> => {
  const lines: Record<string, unknown>[] = [];
  const registry = new Registry();
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const config = loadConfig(tracingFields, { PRECEDE_OTLP_ENDPOINT: collector.url, ...env });
  const tracing = await startTracing(config, { name: 'test', messagingSystem: 'kafka', logger, registry });
  const count = async (outcome: string): Promise<number> => {
    const values = (await registry.getSingleMetric('precede_trace_spans_total')?.get())?.values ?? [];
    return values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;
  };
  return { tracing, lines, count };
};

const spanNamed = (name: string) => {
  const found = collector.spans.findLast((span) => span.name === name);
  assert.ok(found, `the collector has a span ${name}`);
  return found;
};

describe('traces', () => {
  beforeEach(() => {
    collector.mood = 'taking';
  });

  test('go to the collector with parents, links, attributes and headers', async () => {
    const { tracing, count } = await open({ PRECEDE_OTLP_HEADERS: 'x-key=secret' });
    const origin = tracing.enter(traceparent);
    assert.ok(origin);
    const other = tracing.start('other', newTrace);

    const span = tracing.start('outer', origin, {
      kind: 'server',
      attributes: { text: 'a', whole: 3, truth: true, left: undefined },
      links: [other.context],
    });
    tracing.within(span, () => tracing.child('inner', { kind: 'client' })?.end());
    span.end();
    other.end();
    await tracing.close();

    const [outer, inner] = [spanNamed('outer'), spanNamed('inner')];
    assert.deepEqual(
      [outer.service, outer.kind, outer.traceId, outer.parentId],
      ['precede-test', 'server', parent.traceId, parent.spanId],
    );
    assert.deepEqual(outer.attributes, { text: 'a', whole: 3, truth: true });
    assert.deepEqual(outer.links, [{ traceId: other.context.traceId, spanId: other.context.spanId }]);
    assert.deepEqual([inner.traceId, inner.parentId], [outer.traceId, outer.spanId]);
    assert.ok(outer.startMs <= inner.startMs && inner.endMs <= outer.endMs);
    assert.equal(spanNamed('other').parentId, '');
    assert.equal(collector.requests.at(-1)?.['x-key'], 'secret');
    assert.equal(await count('exported'), 3);
  });

  test('have their span active through promises, and name the code of what failed and not its message', async () => {
    const { tracing } = await open();
    const fault = Object.assign(new Error('of client 4711'), { code: 'PRECEDE_TEST' });

    const work = asSpan(tracing, tracing.start('failing', newTrace), async (span) => {
      await new Promise(setImmediate);
      assert.equal(tracing.active(), span);
      assert.deepEqual(logFieldsOf(tracing), {
        trace_id: span?.context.traceId,
        span_id: span?.context.spanId,
      });
      throw fault;
    });
    await assert.rejects(work, fault);
    assert.equal(tracing.active(), undefined);
    await tracing.close();

    const failing = spanNamed('failing');
    assert.equal(failing.isError, true);
    assert.deepEqual(failing.attributes, { 'error.type': 'PRECEDE_TEST' });
  });

  test('follow the header of a record only where it is sampled', async () => {
    const { tracing } = await open();

    assert.deepEqual(tracing.follow({ traceparent }), { context: parent });
    assert.equal(tracing.follow({ traceparent: traceparent.replace(/1$/, '0') }), undefined);
    assert.equal(tracing.follow({ traceparent: 'none' }), undefined);
    assert.equal(tracing.follow({}), undefined);
    await tracing.close();
  });

  test('are dropped and counted while the collector fails, with one warning, and go on behind it', async () => {
    const { tracing, lines, count } = await open();
    const send = (): void => tracing.start('try', newTrace).end();
    const told = () => lines.map(({ msg }) => msg).slice(1);

    collector.mood = 'failing';
    send();
    await eventually('a failed span', async () => (await count('failed')) === 1 || undefined);
    send();
    await eventually('another one', async () => (await count('failed')) === 2 || undefined);
    assert.deepEqual(told(), ['traces cannot be exported and are dropped']);

    collector.mood = 'taking';
    send();
    await eventually('an exported span', async () => (await count('exported')) === 1 || undefined);
    assert.deepEqual(told().slice(1), ['traces are exported again']);
    await tracing.close();
  });

  test('wait in a bounded number for a collector that is silent, and are not waited for at the end', async () => {
    const { tracing, count } = await open();
    collector.mood = 'silent';

    for (let i = 0; i < 3_000; i += 1) tracing.start('waiting', newTrace).end();

    assert.equal(await count('dropped'), 3_000 - 2_048);
    await tracing.close();
  });
});

test('a collector that is not there holds nothing up, the end neither', async () => {
  const { tracing, lines } = await open({ PRECEDE_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` });

  tracing.start('lost', newTrace).end();
  await tracing.close();

  assert.deepEqual(
    lines.filter(({ level }) => Number(level) > 40),
    [],
  );
});

test('without an endpoint nothing is traced', async () => {
  const logger = pino({ level: 'silent' });
  const deps = { name: 'test', messagingSystem: 'kafka', logger, registry: new Registry() };
  const tracing = await startTracing(loadConfig(tracingFields, {}), deps);

  assert.equal(tracing, noTracing);
  assert.equal(tracing.enter(traceparent), undefined);
  assert.equal(tracing.follow({ traceparent }), undefined);
  assert.equal(tracing.child('any'), undefined);
  assert.equal(
    asSpan(tracing, undefined, () => 7),
    7,
  );
  assert.deepEqual(logFieldsOf(tracing), {});
});
