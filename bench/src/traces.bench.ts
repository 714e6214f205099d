/**
 * Question: what do traces cost a decision over HTTP and a request of the sessionizer: off, on with nothing sampled, with
 * one in a hundred, and with all?
 * Input: decisions as in enforcer-decide.bench.ts, without a traceparent; the sessionizer's own pipeline on 100,000
 * requests of 5,000 sessions, that share of them with a traceparent. Modes alternate; the collector takes and discards.
 * The number is not: the log, the network, what a collector costs. All is CPU of the process that works, exporting
 * included; compare with *off*, not between machines.
 * Run: node bench/src/traces.bench.ts [rounds, default 5] [seconds per run, default 2]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  asSpan,
  createLogger,
  createMetrics,
  loadConfig,
  startTracing,
  tracingFields,
} from '@precede/service';
import { runEnforcerServer, shop, zoneId } from './enforcer-zone.ts';
import { runLoad } from './http-load.ts';
import { benchSessionizer } from './traces-sessionizer.ts';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const modes = {
  off: null,
  'on, nothing sampled': 0,
  'on, 1 % sampled': 0.01,
  'on, all sampled': 1,
} as const;
type Mode = keyof typeof modes;
const names = Object.keys(modes) as Mode[];

const settingsOf = (mode: Mode, endpoint: string): Record<string, string> =>
  modes[mode] === null
    ? {}
    : {
        PRECEDE_OTLP_ENDPOINT: endpoint,
        PRECEDE_TRACE_SAMPLE: String(modes[mode]),
        PRECEDE_TRACE_LIMIT: '100000',
      };

/** Takes everything and looks at nothing. */
const startSink = (): Promise<{ readonly url: string; close(): void }> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.end());
    });
    server.listen(0, '127.0.0.1', () => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const close = (): void => {
        server.closeAllConnections();
        server.close();
      };
      resolve({ url, close });
    });
  });

const paths = [...shop.operations.values()].map((each) => each.endpoint.replace(/\{[^}]*\}/g, '4711'));
const requests = Array.from({ length: 4096 }, (_, i) => {
  const body = JSON.stringify({
    zone_id: zoneId,
    ...{ method: 'GET', host: 'shop.example.com', path: paths[(i * 7919) % paths.length] },
    headers: { 'user-agent': 'bench', cookie: `sid=s${(i * 31) % 1000}` },
  });
  const head = `POST /v1/decide HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
  return Buffer.from(`${head}content-length: ${body.length}\r\n\r\n${body}`);
});

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

const answerOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a server ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (value) => {
      child.off('exit', onExit);
      resolve(value as number);
    });
  });

const startServer = async (mode: Mode, endpoint: string): Promise<Server> => {
  const child = fork(import.meta.filename, ['--serve', mode, endpoint]);
  return { child, port: await answerOf(child) };
};

const serve = async (mode: Mode, endpoint: string): Promise<void> => {
  const { http } = await runEnforcerServer(shop, settingsOf(mode, endpoint));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.send?.(http);
};

const cpuOf = ({ child }: Server): Promise<number> => {
  const answered = answerOf(child);
  child.send('cpu');
  return answered;
};

const measureDecisions = async (server: Server, seconds: number): Promise<number> => {
  const before = await cpuOf(server);
  const { perSecond } = await runLoad({
    ...{ port: server.port, connections: 8, seconds },
    requestOf: (connection, n) => requests[(connection * 257 + n) & 4095] as Buffer,
    check: (answer) => {
      if (!answer.startsWith('HTTP/1.1 200')) throw new Error(answer.slice(0, 300));
    },
  });
  return ((await cpuOf(server)) - before) / (perSecond * seconds);
};

/** The least of the runs: what others do on the machine only ever adds. */
const report = (what: string, unit: string, runs: ReadonlyMap<string, readonly number[]>): void => {
  const least = [...runs].map(([name, values]) => [name, Math.min(...values)] as const);
  const base = least[0]?.[1] ?? Number.NaN;
  print(what);
  for (const [name, value] of least)
    print(`  ${name.padEnd(24)} ${value.toFixed(2).padStart(8)} ${unit}  ${(value / base).toFixed(2)} × off`);
};

const benchDecisions = async (rounds: number, seconds: number, endpoint: string): Promise<void> => {
  const servers = new Map<Mode, Server>();
  const runs = new Map<Mode, number[]>(names.map((name) => [name, []]));
  for (const name of names) servers.set(name, await startServer(name, endpoint));
  for (const server of servers.values()) await measureDecisions(server, 1);
  for (let round = 0; round < rounds; round += 1)
    for (const [name, server] of servers) runs.get(name)?.push(await measureDecisions(server, seconds));
  for (const { child } of servers.values()) child.kill('SIGKILL');
  report('a decision over HTTP', 'µs CPU', runs);
};

/** What the enforcer does for each call, by itself, in nanoseconds; of a mode that samples, with the span. */
const benchCalls = async (endpoint: string): Promise<Map<string, number[]>> => {
  const client = new Map([['user-agent', 'bench']]);
  const runs = new Map<string, number[]>();
  for (const mode of names) {
    const tracing = await tracingOf(settingsOf(mode, endpoint));
    const call = (): void => {
      if (!tracing.isOn) return;
      const origin = tracing.enter(client.get('traceparent'));
      if (origin === undefined) return;
      asSpan(tracing, tracing.start('call', origin, { kind: 'server' }), () =>
        tracing.child('decide')?.end(),
      );
    };
    const count = modes[mode] === 1 ? 500 : 20_000;
    const times: number[] = [];
    for (let run = 0; run < 200; run += 1) {
      const beganMs = performance.now();
      for (let i = 0; i < count; i += 1) call();
      times.push(((performance.now() - beganMs) * 1e6) / count);
      // What exports needs its turn.
      await new Promise(setImmediate);
    }
    runs.set(mode, times);
    await tracing.close();
  }
  return runs;
};

const tracingOf = (settings: Readonly<Record<string, string>>) =>
  startTracing(loadConfig(tracingFields, settings), {
    ...{ name: 'bench', messagingSystem: 'precede', logger: createLogger('bench', 'warn') },
    registry: createMetrics(),
  });

if (process.argv[2] === '--serve') await serve(process.argv[3] as Mode, process.argv[4] ?? '');
else {
  const rounds = Number(process.argv[2] ?? 5);
  const sink = await startSink();
  report('the calls alone', 'ns', await benchCalls(sink.url));
  const runs = await benchSessionizer(
    names,
    (mode) => settingsOf(mode, sink.url),
    (mode) => modes[mode],
    rounds,
  );
  report('a request of the sessionizer', 'µs CPU', runs);
  await benchDecisions(rounds, Number(process.argv[3] ?? 2), sink.url);
  sink.close();
}
