/**
 * The list of sequences by precedence score is the one that recount.py, written from the documents alone, makes of the same
 * file: which sequences survive pruning, folding, support and sessions, with which counts, in which order.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { clockMs, type Deployment, deployEmbedded, root, run } from '@precede/testkit';
import { seeded } from '@precede/testkit/seeded';

const hasPython = spawnSync('python3', ['--version']).status === 0;
const skip = !hasPython && process.env['CI'] !== 'true' ? 'needs Python 3' : false;

interface Log {
  readonly name: string;
  readonly format: 'combined' | 'cloudtrail' | 'ndjson';
  readonly file: string;
  readonly args: readonly string[];
}

const dir = mkdtempSync(join(tmpdir(), 'precede-lists-'));
const host = 'www.semicomplete.com';
const planted = join(dir, 'planted.ndjson');
const logs: readonly Log[] = [
  {
    name: 'access log',
    format: 'combined',
    file: `${root}data/apache_logs.gz`,
    args: ['--session', 'client+user-agent', '--host', host],
  },
  {
    name: 'CloudTrail',
    format: 'cloudtrail',
    file: `${root}data/aws_dataset-cloudtrail-2023-07-10.tar.gz`,
    args: [],
  },
  { name: 'planted journeys', format: 'ndjson', file: planted, args: [] },
];

/**
 * The real logs hold no sequence that folds. This one does: two journeys that cross in the middle, so that what comes after
 * depends on what came long before, with some noise and some repeats.
 */
const plantJourneys = (): void => {
  const next = seeded(11);
  const random = (n: number): number => Math.floor(next() * n);
  const journeys = [
    ['/a', '/b', '/x', '/y', '/c', '/d'],
    ['/e', '/f', '/x', '/y', '/g', '/h', '/i'],
  ];
  const events: { time: number; line: string }[] = [];
  for (let i = 0; i < 400; i += 1) {
    let time = clockMs - 20 * 3_600_000 + random(19 * 3_600_000);
    const session = `s${random(300)}`;
    for (const step of journeys[random(2)] ?? []) {
      const path = random(25) === 0 ? `/noise${random(4)}` : step;
      for (let repeats = random(10) === 0 ? 2 : 1; repeats > 0; repeats -= 1) {
        time += 1_000 + random(5_000);
        events.push({
          time,
          line: JSON.stringify({ time, method: 'GET', host: 'shop.test', path, session }),
        });
      }
    }
  }
  events.sort((a, b) => a.time - b.time);
  writeFileSync(planted, events.map(({ line }) => `${line}\n`).join(''));
};

before(plantJourneys);
after(() => rmSync(dir, { recursive: true }));

interface Operation {
  readonly short_id: string;
}
interface Listed {
  readonly ids: readonly string[];
  readonly support: number;
  readonly last_support: number;
  readonly score: number;
}
interface Bounds {
  readonly min_support: number;
  readonly min_sessions: number;
}

const cli = async <T>(d: Deployment, ...args: readonly string[]): Promise<T> =>
  JSON.parse(await run([...args, '--json', '--data', d.dataDir], d.env)) as T;

const importLog = async (d: Deployment, log: Log): Promise<number> => {
  const always = ['--import-id', 'lists', '--learn-operations', '--shift-to-now', '--wait'];
  const args = ['import', log.file, '--format', log.format, '--zone', log.name, ...log.args, ...always];
  return (await cli<{ shift_ms: number }>(d, ...args)).shift_ms;
};

const recounted = async (
  d: Deployment,
  log: Log,
  shiftMs: number,
  lists: readonly Bounds[],
): Promise<Listed[][]> => {
  const operations = await cli<Operation[]>(d, 'operations', 'list', '--zone', log.name);
  const { format, file } = log;
  const task = { format, file, host, operations, shift_ms: shiftMs, now_ms: clockMs, lists };
  const output = execFileSync('python3', [`${root}test/e2e/src/recount.py`], { input: JSON.stringify(task) });
  return JSON.parse(output.toString('utf8')) as Listed[][];
};

const listedBySystem = async (d: Deployment, log: Log, minSupport?: number): Promise<Listed[]> => {
  const support = minSupport === undefined ? [] : ['--min-support', String(minSupport)];
  const args = ['sequences', '--zone', log.name, '--limit', '1000', ...support];
  const sequences = await cli<(Omit<Listed, 'ids'> & { operations: Operation[] })[]>(d, ...args);
  return sequences.map(({ operations, support, last_support, score }) => ({
    ids: operations.map((o) => o.short_id),
    ...{ support, last_support, score },
  }));
};

describe('with the bounds that are usual', { skip }, () => {
  let d: Deployment;
  before(async () => {
    d = await deployEmbedded();
  });
  after(() => d?.close());

  for (const log of logs)
    test(`the listed sequences of the ${log.name} are those of the recount, in its order`, async (t) => {
      const shiftMs = await importLog(d, log);

      const [usual = [], more = []] = await recounted(d, log, shiftMs, [
        { min_support: 10, min_sessions: 5 },
        { min_support: 5, min_sessions: 5 },
      ]);

      assert.ok(usual.length > 0);
      assert.deepEqual(await listedBySystem(d, log), usual);
      assert.deepEqual(await listedBySystem(d, log, 5), more);
      t.diagnostic(`${usual.length} sequences, ${more.length} from a support of 5 on`);
    });
});

describe('with bounds that let nearly everything in', { skip }, () => {
  let d: Deployment;
  before(async () => {
    d = await deployEmbedded(undefined, {
      PRECEDE_SCORER_MIN_SUPPORT: '2',
      PRECEDE_SCORER_MIN_SESSIONS: '1',
    });
  });
  after(() => d?.close());

  for (const log of logs)
    test(`the listed sequences of the ${log.name} are those of the recount, in its order`, async (t) => {
      const shiftMs = await importLog(d, log);

      const [loose = []] = await recounted(d, log, shiftMs, [{ min_support: 2, min_sessions: 1 }]);

      assert.ok(loose.some(({ ids }) => ids.length > 2));
      assert.deepEqual(await listedBySystem(d, log), loose);
      t.diagnostic(
        `${loose.length} sequences, the longest of ${Math.max(...loose.map(({ ids }) => ids.length))}`,
      );
    });
});
