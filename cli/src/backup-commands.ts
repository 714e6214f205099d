/**
 * `precede backup` and `precede restore`: the configuration out of the log into a file, and from the file into a log that has
 * none. On Kafka by the variables of the services, else on the embedded log of a stopped instance.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigRecord, InputError, Topic, topicSpecs, ZoneConfigs } from '@precede/contracts';
import { configRecordOf, type EventLog, openEmbeddedLog, openKafkaLog, tailConfig } from '@precede/log';
import { kafkaFields, kafkaOptions, loadConfig, versionOf } from '@precede/service';
import type { Command } from 'commander';
import { readBackup, writeBackup } from './config-backup.ts';
import { embeddedPartitions } from './embedded.ts';
import { RefusedError } from './exit.ts';
import { defaultDataDir } from './options.ts';
import { print } from './output.ts';

interface BackupOptions {
  readonly data: string;
  readonly force?: boolean;
}

export const backupCommands = (program: Command): void => {
  const on = (command: Command): Command =>
    command
      .argument('<file>')
      .option(
        '--data <dir>',
        'data directory of a stopped embedded instance, where PRECEDE_KAFKA_BROKERS is not set',
        defaultDataDir,
      );
  on(
    program
      .command('backup')
      .description(
        'write the configuration of all zones to a file, ids and keys of token configurations included',
      ),
  )
    .option('--force', 'write over a file that is there')
    .action(backup);
  on(
    program.command('restore').description('write the configuration of a backup to a log that has none'),
  ).action(restore);
};

const backup = (path: string, options: BackupOptions): Promise<void> =>
  withLog(options, async (log) => {
    const zones = [...(await readZones(log)).all()];
    const text = writeBackup(zones, { madeAt: new Date().toISOString(), release: versionOf().version });
    writeWhole(path, text, options.force === true);
    print(`${zones.length} zones written to ${path}`);
  });

const restore = (path: string, options: BackupOptions): Promise<void> =>
  withLog(options, async (log) => {
    const zones = readBackup(readText(path));
    const there = [...(await readZones(log)).all()];
    if (there.length > 0)
      throw new RefusedError(
        409,
        `the log has ${there.length} zones already: a backup is restored into an instance without any`,
      );
    await writeZones(log, zones);
    print(`${zones.length} zones restored from ${path}`);
  });

/** Control's own name: one that runs is fenced, so that nobody writes between our look and our records. */
const transactionalId = 'precede.control';

const writeZones = async (log: EventLog, zones: readonly (readonly ConfigRecord[])[]): Promise<void> => {
  const producer = await log.producer({ transactionalId });
  try {
    for (const records of zones)
      await producer.send(records.map((record) => configRecordOf(log.codec, record)));
  } finally {
    await producer.close();
  }
};

/** Throws where a record cannot be read: a backup that lacks something is worse than none. */
const readZones = async (log: EventLog): Promise<ZoneConfigs> => {
  const zones = new ZoneConfigs();
  let fault: unknown;
  const note = (error: unknown): void => {
    fault ??= error;
  };
  const tail = await tailConfig(log, {
    onChanges: (changes) => {
      for (const change of changes) zones.apply(change);
    },
    onUnreadable: note,
    onUnknown: ({ offset }) =>
      note(
        new InputError(
          '',
          `Record ${offset} of ${Topic.config} is of a kind that only a newer release knows.`,
        ),
      ),
  });
  await tail.caughtUp;
  await tail.close();
  if (fault !== undefined) throw fault;
  return zones;
};

const withLog = async (options: BackupOptions, work: (log: EventLog) => Promise<void>): Promise<void> => {
  const log = await openLog(options.data);
  try {
    await log.ensureTopics(topicSpecs);
    await work(log);
  } finally {
    await log.close();
  }
};

const openLog = (dataDir: string): Promise<EventLog> => {
  if ((process.env['PRECEDE_KAFKA_BROKERS'] ?? '') === '')
    return openEmbeddedLog({ dir: join(dataDir, 'log'), partitions: embeddedPartitions });
  return openKafkaLog(kafkaOptions(loadConfig(kafkaFields, process.env), 'precede-backup'));
};

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError('/file', `${path} cannot be read: ${(error as Error).message}`);
  }
};

/** For the owner alone: token configurations may hold keys. */
const writeWhole = (path: string, text: string, isForced: boolean): void => {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: isForced ? 'w' : 'wx', flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new RefusedError(409, `${path} is there already; --force writes over it`);
  }
};
