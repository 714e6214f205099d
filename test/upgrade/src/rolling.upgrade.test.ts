/**
 * From the previous release to this one, back, and forward again, service by service while requests come and decisions
 * are asked for, with a kill -9 on each way. In the end counts, sessions, denials and rules are those of the input.
 * PRECEDE_TEST_UPGRADE_SEED: another traffic.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acquireKafka, eventually } from '@precede/testkit';
import { seeded } from '@precede/testkit/seeded';
import { Decisions } from './decisions.ts';
import { previousRelease, type Release, thisRelease } from './previous-release.ts';
import { recount } from './recount.ts';
import { type Service, Stand, services } from './stand.ts';
import { differencesOf, differingScores, storedCounts, storedDenials, storedWindows } from './stored.ts';
import { Traffic } from './traffic.ts';
import { addStep, createZone, ruleTitles, type Zone } from './zone.ts';

const seed = Number(process.env['PRECEDE_TEST_UPGRADE_SEED'] ?? '8');
/** What may be there twice comes beside the old one; the others end first. */
const surges: readonly Service[] = ['scorer', 'sessionizer', 'ingest'];

test('an upgrade, a rollback and a second upgrade under load lose and double nothing', async (t) => {
  const kafka = await acquireKafka();
  if ('skip' in kafka) return t.skip(kafka.skip);
  const started = performance.now();
  const say = (line: string): void =>
    void process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0)} s: ${line}\n`);
  const stand = new Stand(kafka);
  let ask: Decisions | undefined;
  try {
    const previous = await previousRelease();
    say(`previous release: ${previous.name}`);
    await stand.startClickHouse();
    await stand.startAll(previous);
    const zone = await createZone(stand);
    const traffic = new Traffic({
      zoneId: zone.id,
      random: seeded(seed),
      ingestUrl: () => stand.url('ingest'),
    });
    const decisions = new Decisions(zone.id, () => stand.url('enforcer'));
    ask = decisions;
    const titles = ['cart before pay'];
    const walk = async (what: string, to: Release, killed: Service): Promise<void> => {
      await replaceAll(stand, to, killed);
      await addStep(stand, zone, what);
      titles.push(what);
      say(
        `${what}: all five are ${to.name}, ${traffic.sent.length} requests, ${decisions.denied.length} denials`,
      );
    };

    await walk('upgrade', thisRelease, 'sessionizer');
    await walk('rollback', previous, 'scorer');
    await walk('second upgrade', thisRelease, 'ingest');
    await traffic.end();
    await decisions.end();
    await closeSessions(stand);

    assert.deepEqual(await ruleTitles(stand, zone), titles);
    assertDecided(decisions, stand);
    await assertStored(stand, zone, traffic, decisions);
    say(
      `${traffic.sent.length} requests, ${traffic.repeated} bodies sent again, ${decisions.failed} unanswered questions`,
    );
  } catch (cause) {
    throw new Error(`${String(cause)}\n${stand.logs()}`, { cause });
  } finally {
    ask?.stop();
    await stand.close();
    await kafka.release();
  }
});

/** Consumers before producers on the way up, the other way round on the way down: as docs/operations.md has it. */
const replaceAll = async (stand: Stand, to: Release, killed: Service): Promise<void> => {
  const order = to === thisRelease ? services : services.toReversed();
  for (const service of order) {
    if (surges.includes(service)) await stand.surge(service, to);
    else await stand.inPlace(service, to);
    if (service === killed) await stand.inPlace(service, to, 'SIGKILL');
  }
};

/** All input is long past: a sessionizer that follows the clock closes every window. */
const closeSessions = async (stand: Stand): Promise<void> => {
  stand.extraEnv = { PRECEDE_SESSIONIZER_IDLE_AFTER: '1s' };
  await stand.inPlace('sessionizer', stand.releaseOf('sessionizer'));
};

const assertDecided = (decisions: Decisions, stand: Stand): void => {
  assert.deepEqual(decisions.wrong.slice(0, 3), []);
  assert.ok(decisions.denied.length > 100 && decisions.allowed > 100);
  // A question may have been on its way when the enforcer was told to end, and one may be asked just before it is there.
  const slackMs = 2_500;
  for (const { fromMs, toMs, why } of decisions.spells)
    assert.ok(
      stand.enforcerAway.some((away) => fromMs >= away.fromMs && toMs <= away.toMs + slackMs),
      `no decisions for ${toMs - fromMs} ms while no enforcer was restarted: ${why}`,
    );
};

const assertStored = async (
  stand: Stand,
  zone: Zone,
  traffic: Traffic,
  decisions: Decisions,
): Promise<void> => {
  const ids = zone.operationIds.map((id) => Number.parseInt(id.slice(0, 8), 16));
  const expected = recount(traffic.sent, (operation) => ids[operation] as number);
  assert.ok(expected.counts.size > 1_000 && expected.windows.length > 500, 'too little traffic to tell');
  await settle('windows', expected.windows.length, async () => (await storedWindows(stand, zone.id)).length);
  assert.deepEqual(await storedWindows(stand, zone.id), expected.windows);
  const differing = async () => differencesOf(expected.counts, await storedCounts(stand, zone.id));
  await settle('differing counts', 0, async () => (await differing()).length);
  assert.deepEqual((await differing()).slice(0, 10), []);
  await settle('differing scores', 0, async () => (await differingScores(stand, zone.id, expected)).length);
  const denied = decisions.denied.length;
  await settle('denials', denied, async () => Math.min(denied, (await storedDenials(stand, zone.id)).length));
  assertDenials(await storedDenials(stand, zone.id), decisions);
};

/** Every denial that was answered is stored once. Beyond those there may be one for each question whose answer was cut off. */
const assertDenials = (stored: readonly string[], decisions: Decisions): void => {
  const there = new Set(stored);
  assert.equal(there.size, stored.length, 'a denial is stored twice');
  assert.deepEqual(decisions.denied.filter((id) => !there.has(id)).slice(0, 5), [], 'denials are lost');
  assert.ok(stored.length - decisions.denied.length <= decisions.failed);
};

const settle = async (what: string, expected: number, count: () => Promise<number>): Promise<void> => {
  let seen = Number.NaN;
  await eventually(
    what,
    async () => {
      seen = await count();
      return seen === expected || undefined;
    },
    60_000,
  ).catch(() => {
    throw new Error(`${what}: ${seen} instead of ${expected}`);
  });
};
