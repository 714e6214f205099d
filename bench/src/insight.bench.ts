/**
 * Question: how true are the list, its scores and the anomaly of sessions, where the truth is planted?
 * Input: seeded days of traffic to a simulated API that refuses what is out of order (bench/insight), through the real
 * session windows and scores, at three noise levels; beside two plain lists and two plain ways to sort sessions.
 * The number is not that of your traffic: the planted journeys are as long, as loose and as disturbed as this API has them.
 * Run: `node bench/src/insight.bench.ts`; `--quick` is small; `--write` puts the tables into docs/insight.md.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { type Extent, type Level, measureExact, measureLevel, noiseLevels } from '../insight/report.ts';
import { renderReport } from '../insight/tables.ts';

const isQuick = process.argv.includes('--quick');
const extent: Extent = isQuick
  ? { sessions: 2_000, days: 3, sample: 40_000 }
  : { sessions: 10_000, days: 20, sample: 400_000 };
const levels = (isQuick ? [0.05] : noiseLevels).map((noise) => measureLevel(noise, extent));
// Their days are cheap, and there are few sequences of much support in them.
const exact = measureExact({ ...extent, days: extent.days * 2 });

/** Whatever the size of the run. */
const check = ({ quality, anomalies }: Level): void => {
  const qualityIn = (list: string, length: number) =>
    quality.find((row) => row.list === list && row.length === length);
  assert.ok((qualityIn('precedence', 30)?.withHabit ?? 0) > 0.9);
  assert.ok(
    (qualityIn('precedence', 60)?.precision ?? 0) >= (qualityIn('transition matrix', 60)?.precision ?? 1),
  );
  const meanAuc = (name: string): number => {
    const auc = anomalies.find((row) => row.name === name)?.auc ?? [];
    return auc.reduce((sum, each) => sum + each, 0) / auc.length;
  };
  for (const other of ['mean log-loss', 'baseline: requests', 'baseline: share of rare operations'])
    assert.ok(meanAuc('anomaly') > meanAuc(other), other);
};

const text = renderReport(levels, exact);
process.stdout.write(
  `${text}\n\n${extent.sessions} sessions a day, ${extent.days} days, ${extent.sample} sessions for the truth; requests a day: ${levels
    .map((level) => `${level.name} noise ${Math.round(level.requests)}`)
    .join(', ')}\n`,
);
for (const level of levels) check(level);
for (const { coverage } of exact)
  for (const row of coverage) if (row.intervals > 100) assert.ok(row.beforehand > 0.97, row.band);

if (process.argv.includes('--write')) {
  const file = new URL('../../docs/insight.md', import.meta.url);
  const [before, after] = readFileSync(file, 'utf8').split(/<!-- tables -->[\s\S]*<!-- end of tables -->/);
  assert.ok(before !== undefined && after !== undefined, 'docs/insight.md has no place for tables');
  writeFileSync(file, `${before}<!-- tables -->\n${text}\n<!-- end of tables -->${after}`);
}
