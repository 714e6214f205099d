/** What docs/analytics.md shows is what its queries answer. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { analyticsFile, fillOutputs } from './analytics-docs.ts';
import { type AnalyticsStack, startAnalyticsStack } from './analytics-stack.ts';

let stack: AnalyticsStack;
before(async () => {
  stack = await startAnalyticsStack();
});
after(() => stack?.close());

test('every worked query of docs/analytics.md answers what the document shows', async (t) => {
  const written = readFileSync(analyticsFile, 'utf8');

  const { text, queries } = await fillOutputs(written, stack);

  assert.equal(text, written, 'run: npm run docs:analytics');
  assert.ok(queries.length >= 15, `${queries.length} queries`);
  for (const { title, answer } of queries) {
    const lines = answer.text.split('\n');
    assert.ok(lines.length >= 3 && lines.length <= 12, `${title}: ${lines.length} lines`);
    assert.ok(Math.max(...lines.map((line) => line.length)) <= 116, `${title} is too wide`);
    t.diagnostic(`${answer.ms.toFixed(1)} ms, ${answer.readRows} rows read: ${title}`);
  }
});
