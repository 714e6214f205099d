/** The enforcer as a process of its own, on Kafka. */
import { openKafkaLog } from '@precede/log';
import { kafkaFields, kafkaOptions, logMetricsOf, runProcess } from '@precede/service';
import { enforcerFields } from './config.ts';
import { startEnforcer } from './enforcer.ts';

await runProcess({
  name: 'enforcer',
  fields: { ...enforcerFields, ...kafkaFields },
  // Opened behind the answering server: without Kafka the snapshots on disk decide.
  start: (config, tools) =>
    startEnforcer(config, {
      log: () =>
        openKafkaLog({
          ...kafkaOptions(config, 'enforcer'),
          logger: tools.logger,
          observer: logMetricsOf(tools.registry),
        }),
      ...tools,
    }),
});
