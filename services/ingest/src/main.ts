/** Ingest as a process of its own, over Kafka. */
import { topicSpecs } from '@precede/contracts';
import { openKafkaLog } from '@precede/log';
import { inWaitingRoom, kafkaFields, kafkaOptions, logMetricsOf, runProcess } from '@precede/service';
import { ingestFields } from './config.ts';
import { startIngest } from './ingest.ts';

await runProcess({
  name: 'ingest',
  fields: { ...kafkaFields, ...ingestFields },
  start: async (config, tools) => {
    const log = await openKafkaLog({
      ...kafkaOptions(config, 'precede-ingest'),
      logger: tools.logger,
      observer: logMetricsOf(tools.registry),
    });
    const door = { host: config.PRECEDE_INGEST_HOST, port: config.PRECEDE_INGEST_PORT, ...tools };
    await inWaitingRoom(door, 'topics', () => log.ensureTopics(topicSpecs));
    const service = await startIngest(config, { ...tools, log });
    const close = async (): Promise<void> => {
      await service.close();
      await log.close();
    };
    return { ...service, close };
  },
});
