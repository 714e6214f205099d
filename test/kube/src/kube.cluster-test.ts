/**
 * The chart on a real cluster: install, helm test, upgrade and rollback under load, pods deleted and killed, and then
 * counts and decisions held against a recount of what was sent. Run by tools/kube/run.sh, which brings the cluster.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { LiveDecisions, LiveEvents, root } from '@precede/testkit';
import { addressOf, allReady, chart, components, describe, helm, kubectl, release } from './cluster.ts';
import { compareWithRecount, type Instance, prepareShop, storedDenials } from './instance.ts';
import { kill } from './kill.ts';

const adminToken = randomBytes(16).toString('hex');
/** One for all that stands beside Precede in this run. */
const password = process.env['PRECEDE_KUBE_PASSWORD'] ?? '';
/** Tags of the same images with other commits: what an upgrade and a rollback go between. */
const [first = 'first', second = 'second'] = (process.env['PRECEDE_KUBE_TAGS'] ?? '').split(',');
const values = ['--values', `${root}test/kube/values.yaml`, '--wait', '--timeout', '6m'];

const makeSecret = async (): Promise<void> => {
  const literals = {
    'session-key': randomBytes(32).toString('hex'),
    'admin-token': adminToken,
    'clickhouse-password': password,
    'valkey-password': password,
  };
  const words = Object.entries(literals).map(([name, value]) => `--from-literal=${name}=${value}`);
  await kubectl('create', 'secret', 'generic', 'precede-run', ...words);
};

/** What is under load from the upgrade on. */
class Load {
  readonly events: LiveEvents;
  readonly decisions: LiveDecisions;

  constructor(instance: Instance, ingest: string, enforcer: string) {
    const { zoneId } = instance;
    this.events = new LiveEvents({ url: ingest, zoneId, perSecond: 200 });
    this.decisions = new LiveDecisions({ url: enforcer, zoneId, perSecond: 40 });
  }

  async stop(): Promise<void> {
    await Promise.all([this.events.stop(), this.decisions.stop()]);
  }

  /** What has happened since the last time asked, in a line. */
  tell(t: TestContext, step: string, sinceMs: number): void {
    const { events, decisions } = this;
    const faults = [...decisions.faults].map(([fault, n]) => `${n} × ${fault}`).join(', ');
    t.diagnostic(
      `${step}: ${Math.round((Date.now() - sinceMs) / 1000)} s; so far ${events.sent.length} events (${events.repeated} bodies sent again, longest wait ${events.longestGapMs} ms), ` +
        `${decisions.answered} decisions (${decisions.failed} asked again, longest wait ${decisions.longestGapMs} ms, ${decisions.wrong.length} wrong)${faults === '' ? '' : `: ${faults}`}`,
    );
  }
}

const commitsOf = async (): Promise<readonly string[]> => {
  const found = await Promise.all(
    components.map(async (component) => {
      const text = await (await fetch(`${await addressOf(`${release}-${component}`)}/metrics`)).text();
      return /precede_build_info\{[^}]*commit="([^"]*)"/.exec(text)?.[1] ?? 'none';
    }),
  );
  return found;
};

test('the chart on a cluster: nothing is lost by installation, upgrade, rollback or killed pods', async (t) => {
  let load: Load | undefined;
  /** A step that fails ends the run: what comes after it would tell nothing. */
  const step = async (name: string, action: () => Promise<void>): Promise<void> => {
    const sinceMs = Date.now();
    let failure: unknown;
    await t.test(name, async (inner) => {
      try {
        await action();
      } catch (error) {
        failure = error;
        inner.diagnostic(await describe().catch(String));
        throw error;
      }
    });
    if (failure !== undefined) throw new Error(`${name} failed`, { cause: failure });
    if (load !== undefined) load.tell(t, name, sinceMs);
    else t.diagnostic(`${name}: ${Math.round((Date.now() - sinceMs) / 1000)} s`);
  };
  t.after(async () => await load?.stop().catch(() => {}));

  await makeSecret();
  await step('helm install', async () => {
    await helm('install', release, chart, ...values, '--set', `image.tag=${first}`);
    await allReady();
  });
  await step('helm test', async () => {
    const said = await helm('test', release, '--timeout', '5m');
    assert.match(said, /Phase:\s+Succeeded/);
  });

  const instance = await prepareShop({ adminToken, clickhousePassword: password });
  const before = await commitsOf();
  load = new Load(instance, await addressOf(`${release}-ingest`), await addressOf(`${release}-enforcer`));

  await step('helm upgrade under load', async () => {
    await helm('upgrade', release, chart, ...values, '--set', `image.tag=${second}`);
    await allReady();
    const after = await commitsOf();
    assert.ok(
      after.every((commit, i) => commit !== before[i]),
      `${before} became ${after}`,
    );
  });
  await step('helm rollback under load', async () => {
    await helm('rollback', release, '1', '--wait', '--timeout', '6m');
    await allReady();
    assert.deepEqual(await commitsOf(), before);
  });
  await step('nobody was refused while pods were asked to stop', async () => {
    assert.deepEqual([...(load?.decisions.faults ?? [])], []);
    assert.equal(load?.events.repeated, 0);
  });

  for (const component of components) {
    await step(`one pod of ${component} deleted at once`, () => kill.pod(component));
    await step(`the process of one ${component} killed`, () => kill.container(component));
  }
  await load.stop();

  await step('the counts equal a recount', async () => {
    const { expected, differing } = await compareWithRecount(instance, load?.events.sent ?? []);
    assert.ok(expected.requests > 1_000);
    t.diagnostic(
      `${expected.requests} requests in ${expected.sessions} sessions, ${expected.sequences.size} counts, ${differing.length} differ`,
    );
    assert.deepEqual(differing.slice(0, 20), []);
  });
  await step('every decision was right', async () => {
    assert.deepEqual(load?.decisions.wrong, []);
    const denied = load?.decisions.denied ?? 0;
    t.diagnostic(`${denied} denials, ${await storedDenials(instance, denied)} of them stored`);
  });
  await step('helm uninstall', async () => {
    await helm('uninstall', release, '--wait');
  });
});
