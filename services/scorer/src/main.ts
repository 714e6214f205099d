/** The scorer as a process of its own, on Kafka and ClickHouse. */
import { connectClickHouse, migrate } from '@precede/clickhouse';
import { topicSpecs } from '@precede/contracts';
import { openKafkaLog } from '@precede/log';
import {
  clickhouseFields,
  clickhouseOptions,
  kafkaFields,
  kafkaOptions,
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
    const log = await openKafkaLog({ ...kafkaOptions(config, 'scorer'), logger: tools.logger });
    await log.ensureTopics(topicSpecs);
    const clickhouse = connectClickHouse(clickhouseOptions(config));
    const prepare = (): Promise<void> =>
      untilAvailable('ClickHouse', tools.logger, async () => {
        await migrate(clickhouse, { logger: tools.logger, retention: retentionOptions(config) });
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
