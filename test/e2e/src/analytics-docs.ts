/**
 * docs/analytics.md with the outputs of its queries: each ```sql block is run and the ```text block behind it filled with
 * the answer. Run by itself it writes the file and prints what each query costs; the test compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { root } from '@precede/testkit';
import { type AnalyticsStack, type Answer, startAnalyticsStack } from './analytics-stack.ts';

export const analyticsFile = `${root}docs/analytics.md`;

export interface Worked {
  readonly title: string;
  readonly sql: string;
  readonly answer: Answer;
}

export interface Filled {
  readonly text: string;
  readonly queries: readonly Worked[];
}

const block = /^```sql\n([\s\S]*?)^```\n\n^```text\n[\s\S]*?^```$/gm;

/** The nearest heading above. */
const titleAt = (text: string, at: number): string =>
  text
    .slice(0, at)
    .match(/^## .*$/gm)
    ?.at(-1)
    ?.slice(3) ?? '';

/** The document with every output as this stack answers. Throws where a query fails or has no place for its output. */
export const fillOutputs = async (text: string, stack: AnalyticsStack): Promise<Filled> => {
  const queries: Worked[] = [];
  let filled = '';
  let end = 0;
  for (const match of text.matchAll(block)) {
    const sql = match[1] ?? '';
    const answer = await stack.ask(sql);
    queries.push({ title: titleAt(text, match.index), sql, answer });
    filled += `${text.slice(end, match.index)}\`\`\`sql\n${sql}\`\`\`\n\n\`\`\`text\n${answer.text}\n\`\`\``;
    end = match.index + match[0].length;
  }
  const count = text.match(/^```sql$/gm)?.length ?? 0;
  if (count !== queries.length) throw new Error(`${count - queries.length} queries have no text block`);
  return { text: filled + text.slice(end), queries };
};

if (import.meta.main) {
  const stack = await startAnalyticsStack();
  try {
    const { text, queries } = await fillOutputs(readFileSync(analyticsFile, 'utf8'), stack);
    writeFileSync(analyticsFile, text);
    for (const { title, answer } of queries)
      process.stdout.write(`${answer.ms.toFixed(1).padStart(7)} ms ${answer.readRows} rows  ${title}\n`);
  } finally {
    await stack.close();
  }
}
