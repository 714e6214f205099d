/**
 * What docs/operations.md says of backups, done: an older state of ClickHouse beside a newer log, and a lost log beside a
 * ClickHouse that is kept. The statements and commands are those of the page.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { acquireKafka, eventually, root, run } from '@precede/testkit';
import { decide, endSource, importEvents, makeEvents } from './imports.ts';
import { thisRelease } from './previous-release.ts';
import { recount } from './recount.ts';
import { Stand, services } from './stand.ts';
import { type Database, differencesOf, storedCounts, storedWindows } from './stored.ts';
import type { Sent } from './traffic.ts';
import { createZone, type Zone } from './zone.ts';

/** A group that has committed nothing yet has no topics of its own, so each is named. */
const groups = [
  ['precede.scorer', 'sequences.v1'],
  ['precede.scorer.sessions', 'sessions.v1'],
  ['precede.scorer.decisions', 'decisions.v1'],
  ['precede.scorer.audit', 'audit.v1'],
] as const;

const sendAll = async (stand: Stand, zone: Zone, source: string, events: readonly Sent[]): Promise<void> => {
  await importEvents(stand, zone, source, events);
  await endSource(stand, zone, source);
};

const assertStored = async (database: Database, zone: Zone, events: readonly Sent[]): Promise<void> => {
  const ids = zone.operationIds.map((id) => Number.parseInt(id.slice(0, 8), 16));
  const expected = recount(events, (operation) => ids[operation] as number);
  const differing = async () => differencesOf(expected.counts, await storedCounts(database, zone.id));
  const windows = () => storedWindows(database, zone.id);
  const isThere = async () =>
    (await windows()).length === expected.windows.length && (await differing()).length === 0;
  await eventually('the counts', async () => (await isThere()) || undefined).catch(() => {});
  assert.deepEqual((await differing()).slice(0, 10), []);
  assert.deepEqual(await windows(), expected.windows);
};

const assertRefused = async (stand: Stand, sentence: RegExp): Promise<void> => {
  const scorer = await stand.launch('scorer', thisRelease);
  try {
    await eventually('the refusal', async () => sentence.test(scorer.output()) || undefined);
  } catch (cause) {
    throw new Error(`the scorer did not refuse:\n${scorer.output()}`, { cause });
  } finally {
    scorer.kill('SIGKILL');
    await scorer.exited;
  }
};

test('an older ClickHouse catches up with the log, and a lost log begins anew under the ids of before', async (t) => {
  const kafka = await acquireKafka();
  if ('skip' in kafka) return t.skip(kafka.skip);
  const stand = new Stand(kafka);
  const dir = mkdtempSync(join(tmpdir(), 'precede-backups-'));
  const file = join(dir, 'configuration.json');
  const resetOffsets = async (to: string): Promise<void> => {
    const group = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
    for (const [name, topic] of groups) {
      const run = () =>
        promisify(execFile)(join(root, 'tools/kafka/kafka.sh'), [
          ...['tool', group, '--bootstrap-server', kafka.brokers.join(',')],
          ...['--group', `${stand.prefix}${name}`, '--topic', `${stand.prefix}${topic}`],
          ...['--reset-offsets', to, '--execute'],
        ]);
      // A member that was ended by force is in its group for ten seconds more.
      await eventually(
        `offsets of ${name} ${to}`,
        async () => new RegExp(`${topic} +0 `).test((await run()).stdout) || undefined,
      );
    }
  };
  try {
    await stand.startClickHouse();
    await stand.startAll(thisRelease);
    const zone = await createZone(stand);
    const [before, after] = [makeEvents(2_000, 1), makeEvents(2_000, 2)];
    await sendAll(stand, zone, 'before', before);
    await assertStored(stand, zone, before);
    await run(['backup', file], stand.env());
    await stand.statement("BACKUP DATABASE precede TO File('before')");
    await sendAll(stand, zone, 'after', after);
    await assertStored(stand, zone, [...before, ...after]);

    await t.test('an older ClickHouse beside a newer log', async () => {
      await stand.stop('scorer');
      await stand.statement('DROP DATABASE precede SYNC');
      await stand.statement("RESTORE DATABASE precede FROM File('before')");
      await assertStored(stand, zone, before);
      // As if the hours since the backup had been closed: their offsets are committed.
      await resetOffsets('--to-latest');
      await assertRefused(stand, /an older state of the tables was restored/);

      await resetOffsets('--to-earliest');
      await stand.start('scorer', thisRelease);
      await assertStored(stand, zone, [...before, ...after]);
    });

    await t.test('a lost log beside a ClickHouse that is kept', async () => {
      for (const service of services) await stand.stop(service);
      stand.extraEnv = {
        PRECEDE_KAFKA_TOPIC_PREFIX: `${stand.prefix}new.`,
        PRECEDE_ENFORCER_SNAPSHOT_DIR: '',
      };
      await assertRefused(stand, /it was made anew/);

      stand.extraEnv = { ...stand.extraEnv, PRECEDE_CLICKHOUSE_DATABASE: 'precede_2' };
      await run(['restore', file], stand.env());
      await stand.startAll(thisRelease);
      await sendAll(stand, zone, 'after', after);
      await assertStored({ sql: (query) => stand.sql(query, 'precede_2') }, zone, after);
      assert.equal(await decide(stand, zone), 'deny');
      await assertStored(stand, zone, [...before, ...after]);
    });
  } catch (cause) {
    throw new Error(`${String(cause)}\n${stand.logs()}`, { cause });
  } finally {
    await stand.close();
    rmSync(dir, { recursive: true });
    await kafka.release();
  }
});
