/** Broker and schema registry as containers. The images can be named, so that a machine's own stand-ins serve too. */
import { KafkaContainer } from '@testcontainers/kafka';
import { GenericContainer, Wait } from 'testcontainers';
import type { TestKafka } from './kafka-harness.ts';

const kafkaImage = process.env['PRECEDE_TEST_KAFKA_IMAGE'] ?? 'confluentinc/cp-kafka:8.1.0';
const registryImage = process.env['PRECEDE_TEST_REGISTRY_IMAGE'] ?? 'apicurio/apicurio-registry:3.0.9';
const brokerPort = 9093;
const registryPort = 8080;
const registryPath = '/apis/ccompat/v7';

export const startKafkaContainers = async (): Promise<TestKafka> => {
  const kafka = new KafkaContainer(kafkaImage)
    .withKraft()
    .withEnvironment({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false' });
  const registry = new GenericContainer(registryImage)
    .withExposedPorts(registryPort)
    .withWaitStrategy(Wait.forHttp(`${registryPath}/subjects`, registryPort));
  const [broker, schemas] = await Promise.all([kafka.start(), registry.start()]);
  return {
    brokers: [`${broker.getHost()}:${broker.getMappedPort(brokerPort)}`],
    registryUrl: `http://${schemas.getHost()}:${schemas.getMappedPort(registryPort)}${registryPath}`,
    release: async () => {
      await Promise.all([broker.stop(), schemas.stop()]);
    },
  };
};
