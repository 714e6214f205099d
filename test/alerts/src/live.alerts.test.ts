/**
 * Alerts on a running system: five processes on a real Kafka, a real ClickHouse and a real Prometheus with the rules in a
 * hurry (quick-rules.ts). What an alert is for is done to the system, the alert is seen, what its runbook says is done, and
 * it is seen to go. What it prints is quoted in docs/operations.md.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Topic } from '@precede/contracts';
import { openKafkaLog } from '@precede/log';
import {
  acquireKafka,
  deployOnKafka,
  eventually,
  type KafkaDeployment,
  root,
  type TestKafka,
} from '@precede/testkit';
import { readGroups } from './alert-rules.ts';
import { type Firing, missing, type Prometheus, startPrometheus } from './prometheus.ts';
import { quickRules } from './quick-rules.ts';
import { event, openShop, type Shop } from './shop.ts';

/** Bounds that a test can reach. */
const env = {
  PRECEDE_CLOCK: '',
  PRECEDE_SESSIONIZER_MAX_WINDOWS: '50',
  PRECEDE_SESSIONIZER_MAX_HELD: '50',
  PRECEDE_SESSIONIZER_MAX_REMEMBERED: '50',
  PRECEDE_ENFORCER_MAX_SESSIONS: '20',
  // The machine may be slow: that is not what is tried here.
  PRECEDE_ENFORCER_DEADLINE: '20s',
  PRECEDE_INGEST_MAX_IN_FLIGHT: '256KiB',
  PRECEDE_INGEST_MAX_BODY: '128KiB',
  PRECEDE_INGEST_MAX_DECODED_BODY: '128KiB',
};
const services = ['ingest', 'sessionizer', 'scorer', 'enforcer', 'control'] as const;

interface Stage {
  readonly kafka: TestKafka;
  readonly deployment: KafkaDeployment;
  readonly prometheus: Prometheus;
  readonly shop: Shop;
  /** What goes on in the background: some events and some questions a second. */
  readonly stopTraffic: () => Promise<void>;
}

let stage: Stage | undefined;
let whyNot = '';
/** Labels whose values docs/telemetry.md describes and does not list: each is bounded by what it is. */
const described = new Set(['le', 'method', 'partition', 'table', 'code', 'request']);
const seen = new Map<string, string>();

before(async () => {
  whyNot = missing('prometheus') ?? '';
  const kafka = await acquireKafka();
  if ('skip' in kafka) whyNot = kafka.skip;
  else if (whyNot === '') stage = await open(kafka);
  assert.ok(whyNot === '' || process.env['CI'] !== 'true', whyNot);
});

after(async () => {
  if (stage === undefined) return;
  await stage.stopTraffic();
  await stage.prometheus.close();
  await stage.deployment.close();
  await stage.kafka.release();
});

const open = async (kafka: TestKafka): Promise<Stage> => {
  const deployment = await deployOnKafka({ ...kafka, env });
  const targets = services.map((name) => [name, new URL(deployment.addressOf(name)).host] as const);
  const shop = await openShop(deployment);
  const stopTraffic = trickle(shop);
  const prometheus = await startPrometheus(Object.fromEntries(targets), quickRules(readGroups()));
  return { kafka, deployment, prometheus, shop, stopTraffic };
};

/** Ten sessions that go on and on, so that there is traffic to be healthy with. */
const trickle = (shop: Shop): (() => Promise<void>) => {
  let isOver = false;
  const run = async (): Promise<void> => {
    for (let n = 0; !isOver; n += 1) {
      const session = `steady-${n % 10}`;
      void shop.send([event(session, Date.now(), n)]);
      void shop.ask('/cart', session);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const running = run();
  return async () => {
    isOver = true;
    await running;
  };
};

const firing = async (name: string): Promise<Firing | undefined> =>
  (await stage?.prometheus.firing())?.find(({ alertname }) => alertname === name);

const fires = async (...names: readonly string[]): Promise<void> => {
  for (const name of names) {
    const { summary, severity } = await eventually(`${name} fires`, () => firing(name), 180_000);
    seen.set(name, summary);
    process.stdout.write(`    ${name} (${severity}): ${summary}\n`);
  }
};

const resolves = async (...names: readonly string[]): Promise<void> => {
  for (const name of names)
    await eventually(
      `${name} is gone`,
      async () => ((await firing(name)) === undefined ? true : undefined),
      120_000,
    );
};

const live = (name: string, run: (stage: Stage) => Promise<void>): void => {
  test(name, { timeout: 900_000 }, async (t) => {
    if (stage === undefined) return t.skip(whyNot);
    await run(stage);
  });
};

/** A machine that others use as well may be slow without anything being wrong. */
const ofSpeed = new Set([
  'PrecedeEnforcerSlow',
  'PrecedeProcessShortOfCpu',
  'PrecedeSessionizerCommitsSlow',
  'PrecedeSessionizerWatermarkLate',
]);

live('a healthy system with traffic fires nothing', async ({ prometheus }) => {
  await eventually(
    'nothing fires for ten looks',
    async () => {
      for (let look = 0; look < 10; look += 1) {
        const all = (await prometheus.firing()).filter(({ alertname }) => !ofSpeed.has(alertname));
        if (all.length > 0)
          throw new Error(all.map(({ alertname, summary }) => `${alertname}: ${summary}`).join('\n'));
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      return true;
    },
    240_000,
  );
});

live('an enforcer that is killed', async ({ deployment }) => {
  await deployment.kill('enforcer');
  await fires('PrecedeServiceDown', 'PrecedeTargetDown');

  await deployment.start('enforcer');

  await resolves('PrecedeServiceDown', 'PrecedeTargetDown');
});

live('an enforcer that is asked for a zone it does not have', async ({ shop }) => {
  const unknown = 'f'.repeat(32);
  const asking = setInterval(() => void shop.ask('/cart', 'lost', unknown), 200);
  try {
    await fires('PrecedeEnforcerErrorsFast', 'PrecedeEnforcerErrorsSlow');
  } finally {
    clearInterval(asking);
  }

  await resolves('PrecedeEnforcerErrorsFast', 'PrecedeEnforcerErrorsSlow');
});

live('more sessions than an enforcer may keep', async ({ shop }) => {
  const flood = (round: number): Promise<unknown> =>
    Promise.all(Array.from({ length: 60 }, (_, i) => shop.ask('/cart', `flood-${round}-${i}`)));
  for (let round = 0; round < 3; round += 1) await flood(round);

  await fires('PrecedeEnforcerSessionsEvicted');
});

live('more sessions than a sessionizer may keep, and requests that come too late', async ({ shop }) => {
  const now = Date.now();
  const many = Array.from({ length: 800 }, (_, i) => event(`many-${i}`, now));
  for (let i = 0; i < many.length; i += 200) await shop.send(many.slice(i, i + 200));
  const later = setInterval(() => {
    const at = Date.now();
    void shop.send([event('late', at, 0), event('late', at, 1)]);
    void shop.send(Array.from({ length: 5 }, (_, n) => event('steady-1', at - 60_000 - n, n)));
  }, 300);
  try {
    await fires(
      'PrecedeSessionizerReleasedEarly',
      'PrecedeSessionizerWindowsCut',
      'PrecedeSessionizerForgotEarly',
      'PrecedeSessionizerRequestsLate',
      'PrecedeDeadLetters',
    );
  } finally {
    clearInterval(later);
  }

  await resolves('PrecedeSessionizerRequestsLate', 'PrecedeDeadLetters');
});

live('events that ingest refuses one by one', async ({ shop }) => {
  const bad = setInterval(() => void shop.send([event('good'), { ...event('bad'), time: 'yesterday' }]), 200);
  try {
    await fires('PrecedeIngestEventsRefused');
  } finally {
    clearInterval(bad);
  }

  await resolves('PrecedeIngestEventsRefused');
});

live('records that nobody can read, written by somebody else', async ({ kafka, deployment }) => {
  const log = await openKafkaLog({
    ...kafka,
    clientId: 'somebody-else',
    topicPrefix: deployment.topicPrefix,
    partitions: 4,
    replicationFactor: 1,
  });
  const producer = await log.producer();
  const key = Buffer.from('nobody');
  const value = Buffer.from('no record');
  await producer.send(
    [Topic.requests, Topic.sequences, Topic.config].map((topic) => ({ topic, key, value })),
  );
  await producer.close();
  await log.close();

  await fires('PrecedeSessionizerUnreadable', 'PrecedeScorerUnreadable', 'PrecedeConfigUnreadable');
  await resolves('PrecedeSessionizerUnreadable', 'PrecedeScorerUnreadable', 'PrecedeConfigUnreadable');
});

live('ClickHouse that is away', async ({ deployment, shop }) => {
  await deployment.kill('clickhouse');
  const asking = setInterval(() => {
    const path = `/zones/${shop.zoneId}/api_gateway/sequences`;
    void deployment.control('GET', path).catch(() => {});
  }, 500);
  try {
    await fires(
      'PrecedeClickHouseAway',
      'PrecedePipelineStuck',
      'PrecedeScoresLate',
      'PrecedeScoresOld',
      'PrecedePipelineNearRetention',
    );
    await fires('PrecedeControlErrors');
  } finally {
    clearInterval(asking);
    await deployment.start('clickhouse');
  }

  await resolves('PrecedeClickHouseAway', 'PrecedePipelineStuck', 'PrecedeScoresOld', 'PrecedeControlErrors');
});

live('a broker that is away', async ({ kafka }) => {
  assert.ok(kafka.broker !== undefined, 'the broker given cannot be stopped: run npm run test:alerts');
  await kafka.broker.end('kill');
  try {
    await fires(
      'PrecedeKafkaAway',
      'PrecedeEnforcerRulesStale',
      'PrecedeConfigStale',
      'PrecedeIngestErrorsFast',
      'PrecedeIngestErrorsSlow',
      'PrecedeSessionizerFailing',
    );
  } finally {
    await kafka.broker.start();
  }

  await resolves(
    'PrecedeKafkaAway',
    'PrecedeEnforcerRulesStale',
    'PrecedeConfigStale',
    'PrecedeIngestErrorsFast',
  );
});

live('a process that starts again and again', async ({ deployment }) => {
  for (let times = 0; times < 5; times += 1) {
    await deployment.kill('control');
    await deployment.start('control');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  }

  await fires('PrecedeRestarting');
});

live(
  'what each service serves is as Prometheus wants it, and its labels are closed sets',
  async ({ deployment }) => {
    const telemetry = readFileSync(`${root}docs/telemetry.md`, 'utf8');
    for (const name of services) {
      const text = await (await fetch(`${deployment.addressOf(name)}/metrics`)).text();

      const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input: text });

      assert.equal(status, 0, `${name}: ${stdout}${stderr}`);
      const values = [...text.matchAll(/^precede_(?!build_info)\w+\{(.*)\} /gm)].flatMap(([, labels = '']) =>
        [...labels.matchAll(/(\w+)="([^"]*)"/g)]
          .filter(([, label = '']) => !described.has(label))
          .map(([, , value = '']) => value),
      );
      assert.deepEqual(
        [...new Set(values)].filter((value) => !telemetry.includes(`\`${value}\``)),
        [],
        name,
      );
    }
  },
);

test('so many alerts were seen live', (t) => {
  if (stage === undefined) return t.skip(whyNot);
  process.stdout.write(`    ${seen.size} alerts fired and were seen: ${[...seen.keys()].join(', ')}\n`);
  assert.ok(seen.size >= 20);
});
