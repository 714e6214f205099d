/**
 * A real Prometheus for tests: Debian's or any other `prometheus` on the path, on a free loopback port, with a configuration
 * of the test's. Without it the tests skip and say why; with CI=true that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort, startProgram } from './processes.ts';

/** One series of an answer: a value at each time it has one. */
export interface PrometheusSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, value: number])[];
}

export interface TestPrometheus {
  readonly url: string;
  query(expr: string, atSeconds?: number): Promise<readonly PrometheusSeries[]>;
  queryRange(
    expr: string,
    fromSeconds: number,
    toSeconds: number,
    stepSeconds: number,
  ): Promise<readonly PrometheusSeries[]>;
  /** Any other part of its API, such as `/api/v1/rules`. */
  get<T>(path: string): Promise<T>;
  release(): Promise<void>;
}

export interface NoPrometheus {
  /** Why there is none. */
  readonly skip: string;
}

const program = 'prometheus';

/** `files`: by name, beside the configuration: rule files that it reads. */
export const acquirePrometheus = async (
  config: string,
  files: Readonly<Record<string, string>> = {},
): Promise<TestPrometheus | NoPrometheus> => {
  if (spawnSync(program, ['--version']).error === undefined) return await begin(config, files);
  const skip = 'prometheus is not on the path (Debian: apt-get install prometheus)';
  if (process.env['CI'] === 'true') throw new Error(skip);
  return { skip };
};

const begin = async (config: string, files: Readonly<Record<string, string>>): Promise<TestPrometheus> => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-prometheus-'));
  for (const [name, text] of Object.entries({ ...files, 'prometheus.yml': config }))
    await writeFile(join(dir, name), text);
  const address = `127.0.0.1:${await freePort()}`;
  const running = startProgram(program, [
    `--config.file=${join(dir, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ]);
  const url = `http://${address}`;
  const release = async (): Promise<void> => {
    running.kill('SIGKILL');
    await running.exited;
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await eventually(
      'Prometheus',
      async () => ((await fetch(`${url}/-/ready`)).ok ? true : undefined),
      30_000,
    );
  } catch (error) {
    await release();
    throw new Error(`Prometheus did not start:\n${running.output()}`, { cause: error });
  }
  return { ...askAt(url), url, release };
};

interface Answer<T> {
  readonly status: string;
  readonly error?: string;
  readonly data: T;
}

type Point = readonly [seconds: number, value: string];
interface Result {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly value?: Point;
    readonly values?: readonly Point[];
  }[];
}

const askAt = (url: string): Pick<TestPrometheus, 'query' | 'queryRange' | 'get'> => {
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(30_000) });
    const answer = (await response.json()) as Answer<T>;
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  };
  const series = async (path: string, query: Readonly<Record<string, string>>) => {
    const { result } = await get<Result>(`${path}?${new URLSearchParams(query)}`);
    return result.map(({ metric, value, values }) => ({
      metric,
      values: (values ?? (value === undefined ? [] : [value])).map(
        ([seconds, text]) => [seconds, Number(text)] as const,
      ),
    }));
  };
  return {
    get,
    query: (expr, at) =>
      series('/api/v1/query', { query: expr, ...(at === undefined ? {} : { time: String(at) }) }),
    queryRange: (query, from, to, step) =>
      series('/api/v1/query_range', { query, start: String(from), end: String(to), step: String(step) }),
  };
};
