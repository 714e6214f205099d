/**
 * The sessionizer as services/sessionizer/src/main.ts composes it, on a log that takes no sequences: they are made but
 * neither encoded nor written. For sessionizer-kafka.bench.ts alone, where what both sides write must be alike.
 */
import { Topic, topicSpecs } from '@precede/contracts';
import { type EventLog, openKafkaLog, type ProcessOptions } from '@precede/log';
import { kafkaFields, kafkaOptions, runProcess } from '@precede/service';
import { sessionizerFields, startSessionizer } from '@precede/sessionizer';

const nothing = Buffer.alloc(0);

const withoutSequences = (log: EventLog): EventLog => ({
  codec: {
    encode: (topic, value) => (topic === Topic.sequences ? nothing : log.codec.encode(topic, value)),
    prepare: (topic, values) => log.codec.prepare(topic, values),
    decode: (topic, value) => log.codec.decode(topic, value),
    bodyOf: (topic, value) => log.codec.bodyOf(topic, value),
  },
  ensureTopics: (specs) => log.ensureTopics(specs),
  partitionCount: (topic) => log.partitionCount(topic),
  producer: (options) => log.producer(options),
  process: (options) => log.process(withoutSequenceOutputs(options)),
  tail: (options) => log.tail(options),
  endOffsets: (topic) => log.endOffsets(topic),
  committedOffsets: (group, topic) => log.committedOffsets(group, topic),
  ping: (timeoutMs) => log.ping(timeoutMs),
  close: () => log.close(),
});

const withoutSequenceOutputs = (options: ProcessOptions): ProcessOptions => ({
  ...options,
  open: async (assignment) => {
    const task = await options.open(assignment);
    return {
      ...task,
      step: async (batch) => {
        const { outputs, commit } = await task.step(batch);
        return { outputs: outputs.filter(({ topic }) => topic !== Topic.sequences), commit };
      },
    };
  },
});

await runProcess({
  name: 'sessionizer',
  fields: { ...kafkaFields, ...sessionizerFields },
  start: async (config, tools) => {
    const log = await openKafkaLog({
      ...kafkaOptions(config, 'precede-sessionizer'),
      logger: tools.logger,
    });
    await log.ensureTopics(topicSpecs);
    const service = await startSessionizer(config, { log: withoutSequences(log), ...tools });
    return {
      ...service,
      close: async () => {
        await service.close();
        await log.close();
      },
    };
  },
});
