/**
 * The scorer as a real process, killed at every step of every write, with ClickHouse killed beneath it and a double that
 * writes the same: every count equals a plain recount of the log.
 * PRECEDE_TEST_FAULTS=long: more records, every step many times. PRECEDE_TEST_FAULTS_SEED: another stream and order.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { formatScorerReport } from './report.ts';
import { runScorerFaults, type ScorerRunOptions } from './run.ts';

const { env } = process;
const isLong = env['PRECEDE_TEST_FAULTS'] === 'long';
const seed = Number(env['PRECEDE_TEST_FAULTS_SEED'] ?? '4');

const runAndCheck = async (
  t: TestContext,
  options: Omit<ScorerRunOptions, 'seed' | 'say'>,
): ReturnType<typeof runScorerFaults> => {
  const say = (line: string): void => void (isLong && process.stderr.write(`${line}\n`));
  const report = await runScorerFaults({ ...options, seed, say });
  const text = formatScorerReport(report);
  for (const line of text.split('\n')) t.diagnostic(line);
  assert.deepEqual(report.faults, [], text);
  assert.deepEqual(report.committed, report.lastEpochs, text);
  for (const stored of report.epochs) assert.ok(stored > 3, text);
  assert.ok(report.samples > 3 && report.sampledScores > 0, text);
  return report;
};

test('kills at every step of a write, of either side, and a double: each count equals the recount', async (t) => {
  const report = await runAndCheck(t, {
    records: isLong ? 120_000 : 24_000,
    hours: isLong ? 1_200 : 160,
    zoneMemory: '16MiB',
    isExact: true,
    scan: 0.02,
    halts: isLong ? 140 : 28,
    epochMs: 250,
  });

  assert.equal(report.short, 0);
});

test('the same beyond the budget of a zone: no count is too large, and none short of more than is told', async (t) => {
  const report = await runAndCheck(t, {
    records: isLong ? 120_000 : 24_000,
    hours: isLong ? 200 : 16,
    zoneMemory: '64KiB',
    isExact: false,
    scan: 0.3,
    halts: isLong ? 56 : 8,
    epochMs: 700,
  });

  assert.ok(report.dropped > 0 && report.short > 0, 'the budget was never exceeded');
});
