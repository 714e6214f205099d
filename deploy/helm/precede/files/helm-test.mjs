/**
 * What `helm test` runs: sends a file of requests through ingest, waits for the score of its sequence, makes a rule of it
 * and asks the enforcer. All of it in a zone of its own, which is taken away again; other zones are not touched.
 */
import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const { env } = process;
const api = `${env.PRECEDE_URL}/client/v4`;
const prefix = `${env.TEST_NAME ?? 'helm-test'}-`;
const deadline = Date.now() + Number(env.TEST_TIMEOUT_SECONDS ?? 180) * 1000;
const host = 'helm-test.invalid';
/** Of this many sessions that pay, so many had filled the cart before: the score is their share. */
const payers = 60;
const withCart = 45;

const say = (text) => process.stdout.write(`${text}\n`);
const fail = (text) => {
  throw new Error(text);
};

const json = async (method, url, body, token) => {
  const headers = {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    'content-type': 'application/json',
  };
  const init = { method, headers, signal: AbortSignal.timeout(30_000) };
  const response = await fetch(url, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) fail(`${method} ${url} answers ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
};
const manage = async (method, path, body) => (await json(method, api + path, body, env.PRECEDE_TOKEN)).result;

/** Asks again until there is an answer; what stood in the way last is told when the time is over. */
const until = async (what, ask) => {
  let last = 'nothing yet';
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error.cause?.message ?? error.message;
    }
    await sleep(500);
  }
  return fail(`${what}: not within the time (${last})`);
};

const makeZone = async () => {
  const zone = await manage('POST', '/zones', { name: `${prefix}${Date.now().toString(36)}` });
  const operations = ['/cart', '/pay'].map((endpoint) => ({ method: 'POST', host, endpoint }));
  const [cart, pay] = await manage('POST', `/zones/${zone.id}/api_gateway/operations`, operations);
  say(`zone ${zone.name} made`);
  return { ...zone, cart, pay };
};

/** What a test that was killed has left. */
const removeZones = async () => {
  for (const zone of await manage('GET', '/zones?per_page=1000'))
    if (zone.name.startsWith(prefix)) await manage('DELETE', `/zones/${zone.id}`);
};

/** A service may be many pods, of which some hear of a change later: so many answers in a row, over new connections. */
const known = async (zone, base, token) => {
  const { revision } = await manage('GET', `/zones/${zone.id}`);
  let inARow = 0;
  await until(`${base} works with revision ${revision}`, async () => {
    const seen = await json('GET', `${base}/v1/zones/${zone.id}`, undefined, token);
    inARow = seen.revision >= revision ? inARow + 1 : 0;
    if (inARow < 10) return fail(`revision ${seen.revision}`);
    return true;
  });
};

const sendFile = async (zone) => {
  const now = Date.now();
  const lines = Array.from({ length: payers }, (_, n) => {
    const request = (path, time) =>
      JSON.stringify({ time, method: 'POST', host, path, session: `session-${n}` });
    return [...(n < withCart ? [request('/cart', now - 2_000)] : []), request('/pay', now - 1_000)];
  }).flat();
  const file = join(await mkdtemp(join(tmpdir(), 'helm-test-')), 'requests.ndjson');
  await writeFile(file, lines.join('\n'));
  const args = ['import', file, '--format', 'ndjson', '--zone', zone.id, '--session', 'field', '--json'];
  const { stdout } = await promisify(execFile)(env.TEST_COMMAND ?? 'precede', args, { env });
  const { accepted, matched } = JSON.parse(stdout);
  if (accepted !== lines.length || matched !== lines.length) fail(`not all requests were taken: ${stdout}`);
  say(`${accepted} requests of ${payers} sessions sent`);
};

const awaitScore = async (zone) => {
  const path = `/zones/${zone.id}/api_gateway/sequences?kind=precedence&listed=all`;
  const of = (sequence) => sequence.operations.map(({ endpoint }) => endpoint).join(' ');
  const found = await until('score of /cart before /pay', async () => {
    const sequence = (await manage('GET', path)).find((each) => of(each) === '/cart /pay');
    if (sequence === undefined || sequence.last_support < payers) return undefined;
    return sequence;
  });
  if (
    found.support !== withCart ||
    found.last_support !== payers ||
    Math.abs(found.score - withCart / payers) > 1e-6
  )
    fail(`expected ${withCart} of ${payers}, got ${JSON.stringify(found)}`);
  say(`score of /cart before /pay: ${found.score} (${found.support} of ${found.last_support})`);
};

const makeRule = async (zone) => {
  const sequence = [zone.cart.operation_id, zone.pay.operation_id];
  const rule = { title: 'helm test', kind: 'allow', action: 'block', sequence };
  return (await manage('POST', `/zones/${zone.id}/api_gateway/seqrules/rules`, rule)).id;
};

/** One enforcer of those there are: a session's history may be in its memory alone. */
const oneEnforcer = async () => {
  const { hostname, port } = new URL(env.TEST_ENFORCERS);
  const { address, family } = await until(`addresses of ${hostname}`, () => lookup(hostname));
  return `http://${family === 6 ? `[${address}]` : address}:${port}`;
};

const decide = async (enforcer, zone, session, path, cookies = {}) => {
  const request = { method: 'POST', scheme: 'https', host, path, session, cookies };
  return await json('POST', `${enforcer}/v1/zones/${zone.id}/decide`, request, env.PRECEDE_ENFORCER_TOKEN);
};

const cookieOf = ({ set_cookie: text }) => {
  const pair = /^([^=]+)=([^;]*)/.exec(text ?? '');
  return pair === null ? {} : { [pair[1]]: pair[2] };
};

const checkDecisions = async (zone, enforcer, rule) => {
  const straight = await decide(enforcer, zone, 'straight', '/pay');
  // An enforcer that is set to log only lets it pass, and says which rule would have kept it.
  const isKept = straight.rule_id === rule && (straight.decision === 'deny' || straight.action === 'log');
  if (!isKept) fail(`/pay without /cart should be denied: ${JSON.stringify(straight)}`);
  const first = await decide(enforcer, zone, 'in-order', '/cart');
  const second = await decide(enforcer, zone, 'in-order', '/pay', cookieOf(first));
  const isPassed = [first, second].every(({ decision, action }) => decision === 'allow' && action !== 'log');
  if (!isPassed) fail(`/cart then /pay should pass: ${JSON.stringify([first, second])}`);
  say(`enforcer: /pay alone ${straight.decision}, /cart then /pay ${second.decision}`);
};

const run = async () => {
  await removeZones();
  const zone = await makeZone();
  await known(zone, env.PRECEDE_INGEST_URL, env.PRECEDE_INGEST_TOKEN);
  await sendFile(zone);
  await awaitScore(zone);
  await manage('PUT', `/zones/${zone.id}/fraud_detection/sequence_cookies`, { enabled: true });
  const rule = await makeRule(zone);
  const enforcer = await oneEnforcer();
  await known(zone, enforcer, env.PRECEDE_ENFORCER_TOKEN);
  await checkDecisions(zone, enforcer, rule);
};

try {
  await run();
  say('passed');
} catch (error) {
  say(`FAILED: ${error.stderr ?? ''}${error.message}${error.cause ? ` (${error.cause.message})` : ''}`);
  process.exitCode = 1;
} finally {
  await removeZones().catch((error) => say(`the zone of the test was not removed: ${error.message}`));
}
