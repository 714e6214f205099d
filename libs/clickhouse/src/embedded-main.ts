/**
 * The engine's own process: the whole ClickHouse server out of chdb's library, whose command line entry is
 * `clickhouse local`, which can listen for HTTP. Started by embedded-server.ts alone. It ends with its parent: the IPC channel
 * closes when the parent dies, however it dies, so no orphan keeps the data directory.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import ffi from 'ffi-rs';
import { configFile, passwordFile, USER } from './embedded-files.ts';

const HOLD = 'precede-keeps-the-server-running';
const STOP_LIMIT_MS = 15_000;

const [dir = '', host = '', port = ''] = process.argv.slice(2);
let isStopping = false;

/** chdb names its library package after the platform, and npm may put it beside chdb or below it. */
function libraryPath(): string {
  const platform = `${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`;
  const fromChdb = createRequire(createRequire(import.meta.url).resolve('chdb/package.json'));
  try {
    return fromChdb.resolve(`@chdb/lib-${platform}/libchdb.so`);
  } catch (cause) {
    throw new Error(
      `chdb has no ClickHouse for ${platform} here: install without --omit=optional on Linux (glibc) or macOS, or name a server by PRECEDE_CLICKHOUSE_URL`,
      { cause },
    );
  }
}

function engineArguments(): string[] {
  const listen = 'SYSTEM START LISTEN HTTP';
  const hold =
    `SELECT '${HOLD}', sleepEachRow(0.2) FROM system.numbers ` +
    'SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0, max_threads = 1, max_execution_time = 0 FORMAT Null';
  return [
    'clickhouse',
    `--config-file=${configFile(dir)}`,
    `--path=${dir}`,
    `--listen_host=${host}`,
    `--http_port=${port}`,
    '--query',
    `${listen}; ${hold}`,
  ];
}

/** A request of its own connection: an idle one kept open would make the engine wait for it. */
async function killHold(): Promise<void> {
  const headers = {
    'x-clickhouse-user': USER,
    'x-clickhouse-key': readFileSync(passwordFile(dir, USER), 'utf8').trim(),
  };
  const body = `KILL QUERY WHERE query LIKE '%${HOLD}%' AND query NOT LIKE 'KILL%' ASYNC`;
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  await new Promise<void>((resolve, reject) => {
    const call = request({ host: address, port, method: 'POST', agent: false, headers }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`the engine refused to end its hold: HTTP ${response.statusCode}`));
      });
    });
    call.on('error', reject).end(body);
  });
}

function complain(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

/** Data are safe at any kill; a clean stop only makes the next start quicker. So it may fail, and it may not take long. */
function stop(): void {
  if (isStopping) return;
  isStopping = true;
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_LIMIT_MS).unref();
  killHold().catch((error: unknown) => {
    complain(error);
    process.kill(process.pid, 'SIGKILL');
  });
}

async function run(): Promise<number> {
  ffi.open({ library: 'chdb', path: libraryPath() });
  const argv = engineArguments();
  await ffi.load({
    library: 'chdb',
    funcName: 'chdb_query_cmdline',
    retType: ffi.DataType.External,
    paramsType: [ffi.DataType.I32, ffi.DataType.StringArray],
    paramsValue: [argv.length, argv],
    runInNewThread: true,
  });
  return isStopping ? 0 : 1;
}

// An ordinary exit would wait for the engine's threads, for ever.
process.on('uncaughtException', (error) => {
  complain(error);
  process.kill(process.pid, 'SIGKILL');
});
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);
run().then(
  (code) => process.exit(code),
  (error: unknown) => {
    complain(error);
    process.exit(1);
  },
);
