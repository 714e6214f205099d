/**
 * Scorers on a real Kafka through kills within a write and within a rebalance, pauses and outages of ClickHouse: every
 * count equals a plain recount of sequences.v1.
 * PRECEDE_TEST_FAULTS=long: each fault four times. PRECEDE_TEST_FAULTS_SEED: another stream and order of faults.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acquireKafka } from '@precede/testkit';
import { formatGroupReport } from './report.ts';
import { runGroupFaults } from './run-kafka.ts';

const { env } = process;
const isLong = env['PRECEDE_TEST_FAULTS'] === 'long';
const seed = Number(env['PRECEDE_TEST_FAULTS_SEED'] ?? '4');

test('scorers that are killed, stopped and moved write one truth', async (t) => {
  const kafka = await acquireKafka();
  if ('skip' in kafka) return t.skip(kafka.skip);
  try {
    // At once, not at the end as diagnostics: the long form takes a while.
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    const report = await runGroupFaults(kafka, { seed, rounds: isLong ? 4 : 1, say });

    const text = formatGroupReport(report);
    for (const line of text.split('\n')) t.diagnostic(line);
    assert.deepEqual(report.faults, [], text);
    assert.equal(report.short, 0, text);
    assert.ok(report.samples > 3 && report.sampledScores > 0, text);
  } finally {
    await kafka.release();
  }
});
