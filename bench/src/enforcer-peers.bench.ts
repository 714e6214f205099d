/**
 * Question: what does one decision cost a gateway here, beside servers it could ask instead: OPA with an equal policy,
 * envoyproxy/ratelimit, and a constant answer of Node's (the floor)? Input: one zone, 60 operations, 100 rules, sessions
 * loaded first over HTTP; some requests must be denied, and every answer is checked against a model of the sessions.
 * It is not: a network, TLS or the gateway's share. All share the machine: compare CPU and ratios, not runs apart.
 * Usage: node bench/src/enforcer-peers.bench.ts [--quick] [--sessions 1000000] [--fill 5] [--rounds 5] [--seconds 4]
 *   [--rates 500,5000] [--peers .work/bench-peers] [--only Precede,floor] [--node-args=--cpu-prof]
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { Ran, Run } from './enforcer-peers-load.ts';
import { forkNode, messageOf, residentBytes, treeCpuSeconds } from './enforcer-peers-processes.ts';
import { type Column, tableOf } from './enforcer-peers-report.ts';
import {
  type Absent,
  type Subject,
  startEnforcerChild,
  startFloors,
  startOpa,
  startRateLimit,
} from './enforcer-peers-servers.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    sessions: { type: 'string' },
    fill: { type: 'string', default: '5' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    rates: { type: 'string' },
    peers: { type: 'string', default: '.work/bench-peers' },
    only: { type: 'string', default: '' },
    'node-args': { type: 'string', default: '' },
  },
});
const isQuick = values.quick;
const sessions = Number(values.sessions ?? (isQuick ? 20_000 : 1_000_000));
const fill = Number(values.fill);
const rounds = Number(values.rounds ?? (isQuick ? 3 : 5));
const seconds = Number(values.seconds ?? (isQuick ? 1 : 4));
const rates = (values.rates ?? (isQuick ? '500' : '500,5000')).split(',').map(Number);
const lanes = 32;
const connections = 4;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const generator = forkNode('enforcer-peers-load.ts', [], []);
type Told = Pick<Run, 'seconds' | 'rate'> & Partial<Pick<Run, 'asking'>>;

const load = async ({ ask }: Subject, told: Told): Promise<Ran> => {
  const order: Run = { sessions, lanes, connections, ...ask, ...told };
  const { ran, fault } = await messageOf<{ ran?: Ran; fault?: string }>(generator, order);
  if (ran === undefined) throw new Error(fault);
  return ran;
};

const measure = async (subject: Subject, rate: number | null): Promise<Column> => {
  const cpu = (): number[] => subject.pids.map(treeCpuSeconds);
  const before = cpu();
  const ran = await load(subject, { seconds, rate });
  const used = cpu().map((after, i) => after - (before[i] ?? 0));
  const us = used.map((each) => (each * 1e6) / ran.answers);
  return { ...ran, serverUs: us[0] ?? 0, besideUs: us.slice(1).reduce((a, b) => a + b, 0) };
};

/** The first sessions warm the server up, so that code and compiled rules are in memory before the others are counted. */
const fillEnforcer = async (
  subject: Subject,
  collect: () => Promise<{ heapUsed: number }>,
): Promise<void> => {
  const [pid = 0] = subject.pids;
  const warm = Math.floor(sessions / 20);
  const fillTo = (from: number, to: number): Promise<Ran> =>
    load(subject, { asking: { fill: { from, to, most: fill } }, seconds: 1e9, rate: null });
  await fillTo(0, warm);
  const heap = (await collect()).heapUsed;
  const resident = residentBytes(pid);
  const ran = await fillTo(warm, sessions);
  const heapBytes = ((await collect()).heapUsed - heap) / (sessions - warm);
  const bytes = (residentBytes(pid) - resident) / (sessions - warm);
  print(
    `${sessions} sessions of 1 to ${fill} requests loaded over HTTP, ${(ran.answers / ran.seconds).toFixed(0)}/s: ${bytes.toFixed(0)} bytes resident a live session, ${heapBytes.toFixed(0)} of them heap`,
  );
};

const isSubject = (each: Subject | Absent): each is Subject => 'ask' in each;

const startPeers = async (): Promise<readonly (Subject | Absent)[]> => {
  if (isQuick) return [{ name: 'OPA, ratelimit', reason: 'the quick form runs without them' }];
  return [await startOpa(values.peers), ...(await startRateLimit(values.peers))];
};

const enforcer = await startEnforcerChild(
  Math.ceil(sessions * 1.1) + 20_000,
  values['node-args'].split(' ').filter(Boolean),
);
const all = [...(await startFloors()), ...enforcer.subjects, ...enforcer.absent, ...(await startPeers())];
const subjects = all
  .filter(isSubject)
  .filter(({ name }) => values.only.split(',').some((part) => name.includes(part)));
for (const each of all) if (!isSubject(each)) print(`left out: ${each.name}: ${each.reason}`);

for (const each of subjects)
  if (each.ask.world === 'enforcer' && each.protocol === 'http')
    await fillEnforcer(each, () => messageOf(enforcer.child, {}));
for (const each of subjects) await load(each, { seconds: 1, rate: null });

for (const rate of [null, ...rates]) {
  const columns = new Map(subjects.map((each) => [each, [] as Column[]]));
  for (let round = 0; round < rounds; round++)
    for (const each of subjects) columns.get(each)?.push(await measure(each, rate));
  print(
    `\n${rate === null ? 'At saturation' : `At ${rate} requests/s`}, ${rounds} rounds in turn of ${seconds} s, medians`,
  );
  for (const line of tableOf(columns, rate)) print(line);
}
const left = once(enforcer.child, 'exit');
enforcer.child.disconnect();
await left;
process.exit(0);
