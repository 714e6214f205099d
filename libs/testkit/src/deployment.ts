/** What a scenario needs of a running Precede, embedded or on Kafka: HTTP, SQL, and a way to kill and start parts. */

export interface Deployment {
  /** For the command line: where it is, its token, the clock it keeps. */
  readonly env: Readonly<Record<string, string>>;
  readonly dataDir: string;
  /** What can be killed by itself. */
  readonly parts: readonly string[];
  /** kill -9. */
  kill(part: string): Promise<void>;
  start(part: string): Promise<void>;
  /** Rows of a query in JSONEachRow, 64-bit integers as text. */
  sql(query: string): Promise<Record<string, unknown>[]>;
  control<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** Output of every part, for a failed test. */
  logs(): string;
  close(): Promise<void>;
}

/** The clock of all scenarios, in the middle of an hour. */
export const clock = '2026-03-04T12:34:56.000Z';
export const clockMs = Date.parse(clock);
export const token = 'e2e-token-0123456789abcdef';
export const sessionKey = '5e'.repeat(32);

export const callControl = async <T>(
  url: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> => {
  const response = await fetch(`${url}/client/v4${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const envelope = (await response.json()) as { success: boolean; result: T; errors: unknown };
  if (!envelope.success)
    throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(envelope.errors)}`);
  return envelope.result;
};

export const querySql = async (
  url: string,
  user: string,
  password: string,
  query: string,
  database = 'precede',
): Promise<Record<string, unknown>[]> => {
  const response = await fetch(
    `${url}/?database=${database}&default_format=JSONEachRow&output_format_json_quote_64bit_integers=1`,
    {
      method: 'POST',
      headers: { 'x-clickhouse-user': user, 'x-clickhouse-key': password },
      body: query,
      signal: AbortSignal.timeout(60_000),
    },
  );
  const text = await response.text();
  if (!response.ok) throw new Error(`SQL failed: ${text}\n${query}`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};
