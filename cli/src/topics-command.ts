/** `precede topics`: makes topics and schemas as this release needs them, for jobs and people who may; services need not. */
import { topicSpecs } from '@precede/contracts';
import { type SetUpFinding, SetUpState, setUpKafka } from '@precede/log';
import { kafkaFields, kafkaOptions, loadConfig } from '@precede/service';
import type { Command } from 'commander';
import { patiently, printSetUp, type SetUpItem, type SetUpOptions, withSetUpOptions } from './set-up.ts';

export const topicsCommand = (program: Command): void => {
  withSetUpOptions(
    program.command('topics').description('make the Kafka topics and schemas that are missing'),
  ).action(topics);
};

const topics = async (options: SetUpOptions): Promise<void> => {
  const config = loadConfig(kafkaFields, process.env);
  const access = { ...kafkaOptions(config, 'precede-topics'), createTopics: options.check !== true };
  const what = `Kafka (${access.brokers.join(', ')}) and the schema registry (${access.registryUrl})`;
  const findings = await patiently(what, options.timeout, () => setUpKafka(access, topicSpecs));
  printSetUp(findings.map(itemOf), options);
};

const words = { topic: 'created', schema: 'registered' } as const;

const itemOf = ({ kind, name, state, partitions }: SetUpFinding): SetUpItem => ({
  kind,
  name,
  state: state === SetUpState.made ? words[kind] : state,
  ok: state !== SetUpState.missing,
  ...(partitions === undefined ? {} : { detail: `${partitions} partitions` }),
});
