/** Runs the embedded ClickHouse as the public image would: data in /var/lib/clickhouse, passwords from the environment. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedClickHouse } from '../../../libs/clickhouse/src/index.ts';

const dir = '/var/lib/clickhouse';
const password = process.env['CLICKHOUSE_PASSWORD'] ?? '';
if (process.env['CLICKHOUSE_USER'] !== 'precede' || password === '') {
  throw new Error('this stand-in knows one user: set CLICKHOUSE_USER=precede and CLICKHOUSE_PASSWORD');
}
writeFileSync(join(dir, 'precede.password'), password, { mode: 0o600 });
const analystPassword = process.env['CLICKHOUSE_ANALYST_PASSWORD'] ?? '';
if (analystPassword !== '') writeFileSync(join(dir, 'analyst.password'), analystPassword, { mode: 0o600 });
const server = await startEmbeddedClickHouse({ dir, host: '0.0.0.0', httpPort: 8123 });
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close());
// Without this nothing would keep the process: the engine is not waited for.
const alive = setInterval(() => {}, 60_000);
process.exitCode = (await server.exited) ?? 1;
clearInterval(alive);
