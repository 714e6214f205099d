/** One partition, batch by batch: what is traced of it, and that what it writes knows nothing of that. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RequestEvent, requestToAvro, type SessionId, sessionKey, Topic } from '@precede/contracts';
import type { LogRecord, OutgoingRecord, PartitionTask } from '@precede/log';
import { createLogger, createMetrics, loadConfig, startTracing, tracingFields } from '@precede/service';
import { type OtlpCollector, startOtlpCollector } from '@precede/testkit/otlp-collector';
import { boundsOf, limitsOf, sessionizerFields } from './config.ts';
import { endOf, type Harness, openHarness, requestOf, zoneId } from './harness.fixture.ts';
import { createSessionizerMetrics } from './metrics.ts';
import { openPartition, type PipelineDeps } from './pipeline.ts';

const partition = 1;
const atMs = 1_700_000_000_000;

let collector: OtlpCollector;
let harness: Harness;
before(async () => {
  collector = await startOtlpCollector();
  harness = await openHarness();
});
after(async () => {
  await collector?.close();
  await harness?.close();
});

const traceOf = (n: number): string => n.toString(16).padStart(32, '0');
const contextOf = (n: number): string => `00-${traceOf(n)}-${'b'.repeat(16)}-01`;

interface Sent {
  readonly event: RequestEvent;
  readonly traceparent?: string;
}

const recordAt = (offset: number, { event, traceparent }: Sent): LogRecord => ({
  topic: Topic.requests,
  ...{ partition, offset, appendTimeMs: atMs },
  key: sessionKey(zoneId, '0'.repeat(32) as SessionId),
  value: harness.log.codec.encode(Topic.requests, requestToAvro(event)),
  headers: traceparent === undefined ? {} : { traceparent },
});

/** The outputs of each step. */
const run = async (steps: readonly (readonly Sent[])[], isTraced: boolean) => {
  const logger = createLogger('sessionizer', 'fatal');
  const registry = createMetrics();
  const endpoint = isTraced ? collector.url : '';
  const tracing = await startTracing(loadConfig(tracingFields, { PRECEDE_OTLP_ENDPOINT: endpoint }), {
    ...{ name: 'sessionizer', messagingSystem: 'precede', logger, registry },
  });
  const settings = { inactivityGapMs: 600_000, graceMs: 5_000 };
  const states: PipelineDeps['states'] = new Set();
  const config = loadConfig(sessionizerFields, {});
  const deps: PipelineDeps = {
    codec: harness.log.codec,
    zones: { settingsOf: () => settings },
    ...{ bounds: boundsOf(config), limits: limitsOf(config) },
    metrics: createSessionizerMetrics(registry, states, Date),
    ...{ logger, states, tracing },
  };
  const signal = new AbortController().signal;
  const task: PartitionTask = await openPartition(deps, {
    ...{ partition, position: 0, signal },
    restore: async () => {},
  });
  const outputs: (readonly OutgoingRecord[])[] = [];
  let offset = 0;
  for (const step of steps) {
    const records = step.map((sent) => recordAt(offset++, sent));
    const result = await task.step({ records, position: offset, isAtEnd: false, nowMs: atMs });
    task.committed?.();
    outputs.push(result.outputs);
  }
  await task.close();
  await tracing.close();
  return outputs;
};

const imported = (session: number, operation: number, timeMs: number, traceparent?: string): Sent => ({
  event: requestOf(session, operation, timeMs, { source: 'import-1' }),
  ...(traceparent === undefined ? {} : { traceparent }),
});

const steps = [
  // Held until the watermark passes them.
  [imported(1, 1, atMs, contextOf(1)), imported(1, 2, atMs, contextOf(2)), imported(2, 2, atMs)],
  [imported(1, 3, atMs + 1_000)],
  [{ event: endOf('import-1') }],
];

test('a request is one span until its sequence is committed, and the sequence carries it on', async () => {
  const outputs = await run(steps, true);

  const sequences = outputs[2]?.filter(({ topic }) => topic === Topic.sequences) ?? [];
  const own = collector.spans.filter(({ name }) => name === 'process requests.v1');
  assert.deepEqual(own.map(({ traceId }) => traceId).sort(), [traceOf(1), traceOf(2)]);
  assert.deepEqual(
    sequences.map(({ headers }) => headers?.['traceparent']).filter((each) => each !== undefined),
    [1, 2].map((n) => {
      const span = own.find(({ traceId }) => traceId === traceOf(n));
      return `00-${traceOf(n)}-${span?.spanId}-01`;
    }),
  );
  assert.equal(sequences.length, 4);
  for (const { parentId, kind, attributes } of own) {
    assert.deepEqual([parentId, kind], ['b'.repeat(16), 'consumer']);
    assert.equal(attributes['messaging.destination.name'], 'requests.v1');
  }
});

test('the step that read requests and the one that emitted them link to them, and they to both', async () => {
  collector.spans.splice(0);

  await run(steps, true);

  const batches = collector.spans.filter(({ name }) => name === 'step requests.v1');
  assert.equal(batches.length, 2, 'the step in between has nothing to tell');
  for (const batch of batches) {
    assert.equal(batch.parentId, '');
    assert.deepEqual(batch.links.map(({ traceId }) => traceId).sort(), [traceOf(1), traceOf(2)]);
  }
  for (const span of collector.spans.filter(({ name }) => name === 'process requests.v1'))
    assert.deepEqual(
      span.links.map(({ spanId }) => spanId),
      batches.map(({ spanId }) => spanId),
    );
});

test('of what is written nothing but that header differs where it is traced', async () => {
  const bare = (outputs: readonly (readonly OutgoingRecord[])[]) =>
    outputs.map((step) =>
      step.map(({ headers: { traceparent: _, ...headers } = {}, ...record }) => ({ ...record, headers })),
    );

  assert.deepEqual(bare(await run(steps, true)), bare(await run(steps, false)));
});

test('records without a sampled context make no span', async () => {
  collector.spans.splice(0);
  const unsampled = contextOf(3).replace(/1$/, '0');

  const [outputs = []] = await run([[imported(1, 1, atMs, unsampled), { event: endOf('import-1') }]], true);

  assert.equal(outputs.filter(({ headers }) => headers?.['traceparent'] !== undefined).length, 0);
  assert.deepEqual(collector.spans, []);
});

test('spans of held requests are bounded, and those beyond are given up with a mark', async () => {
  collector.spans.splice(0);
  const many = Array.from({ length: 300 }, (_, i) => imported(i, 1, atMs + i, contextOf(i + 1)));

  await run([many], true);

  const own = collector.spans.filter(({ name }) => name === 'process requests.v1');
  assert.equal(own.length, 300);
  assert.ok(own.every(({ attributes }) => attributes['error.type'] === 'given_up'));
  const [batch] = collector.spans.filter(({ name }) => name === 'step requests.v1');
  assert.equal(batch?.links.length, 32);
});
