/**
 * Compares what is counted with what the visitors of the sample shop say they did:  shop-counts.ts SEQUENCES REPORT…
 * SEQUENCES is `precede sequences --json`, a REPORT one line of `traffic --json`. Ends with 1 where a count differs.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';

interface Sequence {
  readonly operations: readonly { readonly method: string; readonly endpoint: string }[];
  readonly support: number;
}
type Report = Readonly<
  Record<string, { readonly done: number; readonly refused: number; readonly failed: number }>
>;

const [sequencesFile = '', ...reportFiles] = process.argv.slice(2);
const reports = reportFiles.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
const failed = reports
  .flatMap((report) => Object.values(report))
  .reduce((sum, tally) => sum + tally.failed, 0);
if (failed > 0) throw new Error(`${failed} visitors were never let through nor refused`);
const done = (journey: string): number =>
  reports.reduce((sum, report) => sum + (report[journey]?.done ?? 0), 0);

const expected = {
  'GET /products > GET /products/{var1}': done('buy') + done('look around'),
  'GET /products/{var1} > POST /cart': done('buy'),
  'POST /cart > POST /checkout': done('buy') + done('cart and checkout'),
  'POST /checkout > GET /orders/{var1}': done('buy'),
  'GET /products > POST /checkout': done('skip the cart'),
};

const sequences = JSON.parse(readFileSync(sequencesFile, 'utf8')) as readonly Sequence[];
const counted = new Map(
  sequences.map(({ operations, support }) => [
    operations.map(({ method, endpoint }) => `${method} ${endpoint}`).join(' > '),
    support,
  ]),
);
const found = Object.fromEntries(Object.keys(expected).map((name) => [name, counted.get(name) ?? 0]));
deepStrictEqual(found, expected);
process.stdout.write(`${Object.values(expected).join(', ')}: as many as the visitors made\n`);
