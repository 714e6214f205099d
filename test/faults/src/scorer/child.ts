/**
 * The scorer as a process on an embedded log, to be killed. Composed as services/scorer/src/main.ts composes it, with
 * another log: there append times can be anything, so that epochs turn as often as a run wants.
 */
import { connectClickHouse, migrate } from '@precede/clickhouse';
import { topicSpecs } from '@precede/contracts';
import { type EventLog, openEmbeddedLog } from '@precede/log';
import { scorerFields, startScorer } from '@precede/scorer';
import { clickhouseFields, clickhouseOptions, runProcess, text, untilAvailable } from '@precede/service';

/** Of the log alone: for it no record is so old that it need not be kept. */
const beforeAll = { now: () => 0 };

/** The offset moves once a batch: small ones let it move within the short life of one that is killed. */
const inSmallBatches = (log: EventLog): EventLog => ({
  ...log,
  process: (options) => log.process({ ...options, maxBatchRecords: 40 }),
});

await runProcess({
  name: 'scorer',
  fields: { ...clickhouseFields, ...scorerFields, PRECEDE_FAULTS_LOG: text('Directory of the log.') },
  start: async (config, tools) => {
    const log = inSmallBatches(
      await openEmbeddedLog({ dir: config.PRECEDE_FAULTS_LOG, partitions: 3, clock: beforeAll }),
    );
    await log.ensureTopics(topicSpecs);
    const clickhouse = connectClickHouse(clickhouseOptions(config));
    const prepare = (): Promise<void> =>
      untilAvailable('ClickHouse', tools.logger, async () => {
        await clickhouse.createDatabase();
        await migrate(clickhouse, { logger: tools.logger });
      });
    const service = await startScorer(config, { log, clickhouse, prepare, ...tools });
    return {
      ...service,
      close: async () => {
        await service.close();
        await clickhouse.close();
        await log.close();
      },
    };
  },
});
