/** The sessionizer as a process of its own, on Kafka. */
import { topicSpecs } from '@precede/contracts';
import { openKafkaLog } from '@precede/log';
import {
  inWaitingRoom,
  kafkaFields,
  kafkaOptions,
  logMetricsOf,
  type RunningService,
  runProcess,
} from '@precede/service';
import { sessionizerFields } from './config.ts';
import { startSessionizer } from './service.ts';

await runProcess({
  name: 'sessionizer',
  fields: { ...kafkaFields, ...sessionizerFields },
  start: async (config, tools): Promise<RunningService> => {
    const log = await openKafkaLog({
      ...kafkaOptions(config, 'precede-sessionizer'),
      logger: tools.logger,
      observer: logMetricsOf(tools.registry),
    });
    const door = { host: config.PRECEDE_SESSIONIZER_HOST, port: config.PRECEDE_SESSIONIZER_PORT, ...tools };
    await inWaitingRoom(door, 'topics', () => log.ensureTopics(topicSpecs));
    const service = await startSessionizer(config, { log, ...tools });
    return {
      ...service,
      close: async () => {
        await service.close();
        await log.close();
      },
    };
  },
});
