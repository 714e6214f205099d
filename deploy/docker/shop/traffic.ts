/**
 * Visitors of the sample shop, through Envoy: traffic.ts [VISITORS] [--forever] [--json]. Each one is a session of its own
 * and takes the requests of its journey in order. Who is refused goes away; who gets no decision in time asks again, as a
 * browser would: repeats of a request are one step of a session, so the scores are the same.
 */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { host, type Journey, journeyOf, journeys } from './journeys.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { forever: { type: 'boolean' }, json: { type: 'boolean' } },
});
const visitors = Number(positionals[0] ?? 200);
const target = new URL(process.env['SHOP_URL'] ?? 'http://127.0.0.1:8000');
const together = 8;
const pauseMs = 20;
const mostTries = 60;

interface Tally {
  done: number;
  /** Denied by a rule. */
  refused: number;
  /** Neither let through nor denied, however often they asked. */
  failed: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: together });

const send = (line: string, session: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const [method, path] = line.split(' ');
    const headers = { host, cookie: `sid=${session}` };
    const call = request(new URL(path ?? '/', target), { method, headers, agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', reject).end();
  });

const insist = async (line: string, session: string): Promise<number> => {
  for (let tries = 1; ; tries++) {
    const status = await send(line, session);
    if (status !== 503 || tries === mostTries) return status;
    await sleep(Math.min(tries * pauseMs, 250));
  }
};

const visit = async (journey: Journey): Promise<keyof Tally> => {
  const session = randomUUID();
  for (const line of journey.requests) {
    const status = await insist(line, session);
    if (status === 403) return 'refused';
    if (status >= 400) return 'failed';
    await sleep(pauseMs);
  }
  return 'done';
};

const run = async (): Promise<Map<string, Tally>> => {
  const tallies = new Map(journeys.map(({ name }) => [name, { done: 0, refused: 0, failed: 0 }]));
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < visitors) {
      const journey = journeyOf(next++);
      const outcome = await visit(journey);
      const tally = tallies.get(journey.name);
      if (tally !== undefined) tally[outcome] += 1;
    }
  };
  await Promise.all(Array.from({ length: together }, worker));
  return tallies;
};

const report = (tallies: Map<string, Tally>): void => {
  if (values.json === true) {
    process.stdout.write(`${JSON.stringify(Object.fromEntries(tallies))}\n`);
    return;
  }
  for (const [name, { done, refused, failed }] of tallies) {
    const line = `${name.padEnd(15)} ${String(done).padStart(4)} served  ${String(refused).padStart(4)} refused`;
    process.stdout.write(`${line}${failed > 0 ? `  ${failed} without a decision` : ''}\n`);
  }
};

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
do report(await run());
while (values.forever === true);
agent.destroy();
