/**
 * Sessionizers on a real Kafka through faults: the outputs equal a plain recount of the input, record by record.
 * PRECEDE_TEST_FAULTS=long: 5 million events and 64 faults. PRECEDE_TEST_FAULTS_SEED: another stream and order of faults;
 * PRECEDE_TEST_FAULTS_EVENTS: another length.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acquireKafka } from '@precede/testkit';
import { formatReport } from './report.ts';
import { runFaults } from './run.ts';

const { env } = process;
const isLong = env['PRECEDE_TEST_FAULTS'] === 'long';
const seed = Number(env['PRECEDE_TEST_FAULTS_SEED'] ?? '4');
const events = Number(env['PRECEDE_TEST_FAULTS_EVENTS'] ?? (isLong ? '5000000' : '200000'));

test('sessionizers lose, double and reorder nothing through kills, pauses, outages and rebalances', async (t) => {
  const kafka = await acquireKafka();
  if ('skip' in kafka) return t.skip(kafka.skip);
  const { broker } = kafka;
  try {
    assert.ok(broker !== undefined, 'the broker given cannot be stopped: run npm run test:kafka');

    // At once, not at the end as diagnostics: the long form takes a while.
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    const report = await runFaults({ ...kafka, broker }, { seed, events, isLong, say });

    const text = formatReport(report);
    for (const line of text.split('\n')) t.diagnostic(line);
    assert.equal(report.differing, 0, text);
    for (const { expected, seen } of Object.values(report.outputs)) assert.equal(seen, expected, text);
    for (const [judgement, count] of Object.entries(report.judgements))
      assert.ok(count > 0, `the stream has none that is ${judgement}`);
  } finally {
    await kafka.release();
  }
});
