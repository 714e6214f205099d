/**
 * Question: what does one decision cost, by itself and over HTTP, beside a server that answers a constant?
 * Input: one zone of 60 operations and 50 allow rules; 10,000 sessions, seeded, a third of the requests ends a rule.
 * The number is not: a network, TLS, the gateway's share or the log's (decisions are encoded, then dropped). Client and server share the machine, so compare ratios and
 * the server's CPU per decision, not decisions per second between machines.
 * Run: node bench/src/enforcer-decide.bench.ts [seconds per run, default 3]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:http';
import { compileMatcher } from '@precede/endpoints';
import {
  compileMitigation,
  createLookback,
  decideMitigation,
  type Lookback,
  push,
  runsAt,
} from '@precede/rules';
import { seeded } from '@precede/testkit/seeded';
import { runEnforcerServer, shop, zoneId } from './enforcer-zone.ts';
import { runLoad } from './http-load.ts';

const sessions = 10_000;
const connections = 16;
const rounds = 3;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const paths = [...shop.operations.values()].map((each) => each.endpoint.replace(/\{[^}]*\}/g, '4711'));

const benchCore = (count: number): void => {
  const compiled = compileMitigation(shop.rules, shop.operations);
  if (compiled.kind !== 'compiled') throw new Error('the rules do not compile');
  const matcher = compileMatcher(shop.operations.values());
  const states = new Map<number, Lookback>();
  const random = seeded(1);
  const asked = Array.from({ length: 65_536 }, () => ({
    path: paths[Math.floor(random() * paths.length)] ?? '/',
    session: Math.floor(random() * sessions),
  }));
  let denied = 0;
  const startMs = performance.now();
  for (let i = 0; i < count; i++) {
    const { path, session } = asked[i & 65_535] as (typeof asked)[number];
    const operation = matcher.match('GET', 'shop.example.com', path);
    if (operation === undefined) throw new Error(`${path} matches nothing`);
    let state = states.get(session);
    if (state === undefined) {
      state = createLookback();
      states.set(session, state);
    }
    const verdict = decideMitigation(compiled.table, operation.shortId, runsAt(state, i));
    if (verdict.kind === 'block') denied += 1;
    else push(state, operation.shortId, i);
  }
  const ns = ((performance.now() - startMs) * 1e6) / count;
  print(`core (match, rules, lookback): ${ns.toFixed(0)} ns a decision, ${denied} of ${count} denied`);
  if (denied === 0 || denied === count) throw new Error('the input decides nothing');
};

interface Server {
  readonly port: number;
  /** CPU microseconds used so far. */
  cpu(): Promise<number>;
  stop(): void;
}

const startServer = async (kind: string): Promise<Server> => {
  const child: ChildProcess = fork(import.meta.filename, ['--serve', kind]);
  const answer = (): Promise<number> =>
    new Promise((resolve, reject) => {
      child.once('message', (value) => resolve(value as number));
      child.once('exit', (code) => reject(new Error(`the ${kind} server ended with ${code}`)));
    });
  const port = await answer();
  const cpu = (): Promise<number> => {
    const answered = answer();
    child.send('cpu');
    return answered;
  };
  return { port, cpu, stop: () => void child.kill('SIGKILL') };
};

const serve = async (kind: string): Promise<void> => {
  const port = kind === 'enforcer' ? (await runEnforcerServer()).http : await serveConstant();
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.send?.(port);
};

/** The least a decision over HTTP can cost: the body is read, the answer is always the same and as long as a real one. */
const serveConstant = (): Promise<number> =>
  new Promise((resolve) => {
    const body = JSON.stringify({ decision: 'allow', reason: 'x'.repeat(330) });
    const head = { 'content-type': 'application/json', 'content-length': body.length };
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(200, head).end(body));
    });
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });

const requestsOf = (seed: number): Buffer[] => {
  const random = seeded(seed);
  return Array.from({ length: 4096 }, () => {
    const body = JSON.stringify({
      zone_id: zoneId,
      method: 'GET',
      host: 'shop.example.com',
      path: paths[Math.floor(random() * paths.length)],
      headers: {
        'user-agent': 'bench',
        accept: '*/*',
        cookie: `sid=s${Math.floor(random() * sessions)}; theme=dark`,
      },
    });
    return Buffer.from(
      `POST /v1/decide HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  });
};

const measure = async (server: Server, seconds: number) => {
  const requests = requestsOf(2);
  const before = await server.cpu();
  const result = await runLoad({
    port: server.port,
    connections,
    seconds,
    requestOf: (connection, n) => requests[(connection * 257 + n) & 4095] as Buffer,
    check: (answer) => {
      if (!answer.startsWith('HTTP/1.1 200') || !answer.includes('"decision":'))
        throw new Error(answer.slice(0, 300));
    },
  });
  const cpuUs = ((await server.cpu()) - before) / (result.perSecond * seconds);
  return { ...result, cpuUs };
};

type Measured = Awaited<ReturnType<typeof measure>>;
const median = (runs: readonly Measured[], of: (each: Measured) => number): number =>
  runs.map(of).sort((a, b) => a - b)[Math.floor(runs.length / 2)] ?? Number.NaN;

const benchHttp = async (seconds: number): Promise<void> => {
  const servers = { floor: await startServer('floor'), enforcer: await startServer('enforcer') };
  const runs: Record<keyof typeof servers, Measured[]> = { floor: [], enforcer: [] };
  for (const server of Object.values(servers)) await measure(server, 1);
  for (let round = 0; round < rounds; round++)
    for (const name of ['floor', 'enforcer'] as const) runs[name].push(await measure(servers[name], seconds));
  for (const server of Object.values(servers)) server.stop();
  for (const [name, of] of Object.entries(runs))
    print(
      `${name}: ${median(of, (r) => r.perSecond).toFixed(0)}/s, p50 ${median(of, (r) => r.p50Ms).toFixed(2)} ms, p99 ${median(of, (r) => r.p99Ms).toFixed(2)} ms, server CPU ${median(of, (r) => r.cpuUs).toFixed(1)} µs a decision`,
    );
  const ratio = (of: (each: Measured) => number): string =>
    (median(runs.enforcer, of) / median(runs.floor, of)).toFixed(2);
  print(
    `enforcer / floor: ${ratio((r) => r.perSecond)} of the decisions/s, ${ratio((r) => r.cpuUs)} of the CPU`,
  );
};

if (process.argv[2] === '--serve') await serve(process.argv[3] ?? '');
else {
  benchCore(200_000);
  benchCore(2_000_000);
  await benchHttp(Number(process.argv[2] ?? 3));
}
