/** The scorer as a process of its own, on Kafka and ClickHouse. */
import { assertMigrated, connectClickHouse, migrate } from '@precede/clickhouse';
import { topicSpecs } from '@precede/contracts';
import { openKafkaLog } from '@precede/log';
import {
  clickhouseFields,
  clickhouseOptions,
  inWaitingRoom,
  kafkaFields,
  kafkaOptions,
  logMetricsOf,
  retentionFields,
  retentionOptions,
  runProcess,
  untilAvailable,
} from '@precede/service';
import { scorerFields, startScorer } from './index.ts';

await runProcess({
  name: 'scorer',
  fields: { ...kafkaFields, ...clickhouseFields, ...retentionFields, ...scorerFields },
  start: async (config, tools) => {
    const log = await openKafkaLog({
      ...kafkaOptions(config, 'scorer'),
      logger: tools.logger,
      observer: logMetricsOf(tools.registry),
    });
    const door = { host: config.PRECEDE_SCORER_HOST, port: config.PRECEDE_SCORER_PORT, ...tools };
    await inWaitingRoom(door, 'topics', () => log.ensureTopics(topicSpecs));
    const clickhouse = connectClickHouse(clickhouseOptions(config));
    const options = { logger: tools.logger, retention: retentionOptions(config) };
    const migrated = (): Promise<unknown> =>
      config.PRECEDE_CLICKHOUSE_MIGRATE ? migrate(clickhouse, options) : assertMigrated(clickhouse, options);
    const prepare = async (): Promise<void> => {
      await untilAvailable('tables', tools.logger, migrated, ({ message }) =>
        tools.health.set('tables', false, message),
      );
      tools.health.set('tables', true);
    };
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
