/** control as a process of its own, on Kafka and ClickHouse. */
import { connectClickHouse } from '@precede/clickhouse';
import { topicSpecs } from '@precede/contracts';
import { openKafkaLog } from '@precede/log';
import {
  clickhouseFields,
  clickhouseOptions,
  inWaitingRoom,
  kafkaFields,
  kafkaOptions,
  logMetricsOf,
  runProcess,
} from '@precede/service';
import { controlFields } from './config.ts';
import { startControl } from './control.ts';

await runProcess({
  name: 'control',
  fields: { ...kafkaFields, ...clickhouseFields, ...controlFields },
  start: async (config, tools) => {
    const log = await openKafkaLog({
      ...kafkaOptions(config, 'precede-control'),
      logger: tools.logger,
      observer: logMetricsOf(tools.registry),
    });
    const door = { host: config.PRECEDE_CONTROL_HOST, port: config.PRECEDE_CONTROL_PORT, ...tools };
    await inWaitingRoom(door, 'topics', () => log.ensureTopics(topicSpecs));
    const clickhouse = connectClickHouse(clickhouseOptions(config));
    const service = await startControl(config, { log, clickhouse, ...tools });
    const close = async (): Promise<void> => {
      await service.close();
      await clickhouse.close();
      await log.close();
    };
    return { ...service, close };
  },
});
