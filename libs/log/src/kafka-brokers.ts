/** Connections to all brokers, who of them leads and coordinates what. What was dropped is asked for anew by the next call. */
import { type Broker, type Cluster, createCluster } from './kafka-client.ts';
import { BrokerError, brokerFault, isUnknownTopic } from './kafka-errors.ts';
import type { KafkaAccess } from './kafka-options.ts';
import type { Sockets } from './kafka-sockets.ts';
import type { TopicPartition } from './kafka-wire.ts';

// kafkajs's numbers for the kinds of coordinators.
const kinds = { group: 0, transaction: 1 } as const;

export class Brokers {
  readonly #options: KafkaAccess;
  readonly #coordinators = new Map<string, Promise<Broker>>();
  #opened: Promise<Cluster> | undefined;
  #sockets: Sockets | undefined;

  constructor(options: KafkaAccess) {
    this.#options = options;
  }

  async cluster(): Promise<Cluster> {
    this.#opened ??= this.#open();
    const cluster = await this.#opened;
    await cluster.refreshMetadataIfNecessary();
    return cluster;
  }

  async any(): Promise<Broker> {
    return (await this.cluster()).findControllerBroker();
  }

  /** The coordinator of a group or a transactional id. */
  coordinator(kind: keyof typeof kinds, id: string): Promise<Broker> {
    const key = `${kind} ${id}`;
    const known = this.#coordinators.get(key);
    if (known !== undefined) return known;
    const asked = this.cluster().then((cluster) =>
      cluster.findGroupCoordinator({ groupId: id, coordinatorType: kinds[kind] }),
    );
    this.#coordinators.set(key, asked);
    return asked;
  }

  /** The partitions by the id of the node that leads them; -1: none does, or the topic is not known. */
  async leaders<T extends TopicPartition>(of: readonly T[]): Promise<Map<number, T[]>> {
    const cluster = await this.cluster();
    const unknown = new Set<string>();
    for (const topic of new Set(of.map((one) => one.topic)))
      await cluster.addTargetTopic(topic).catch((error) => {
        if (!isUnknownTopic(error)) throw error;
        unknown.add(topic);
      });
    return Map.groupBy(of, (one) => (unknown.has(one.topic) ? noNode : nodeOf(cluster, one)));
  }

  async node(nodeId: number): Promise<Broker> {
    return (await this.cluster()).findBroker({ nodeId });
  }

  /** Who leads what, and where they are, asked anew; over new connections where that fails. */
  async refresh(): Promise<void> {
    const cluster = await this.cluster();
    await cluster.refreshMetadata().catch(() => this.drop());
  }

  /** The partitions by the node that leads them. Rejects where one has none. */
  async byLeader<T extends TopicPartition>(of: readonly T[]): Promise<Map<Broker, T[]>> {
    const byNode = await this.leaders(of);
    if (byNode.has(noNode)) throw new BrokerError(brokerFault.leaderNotAvailable);
    const found = await Promise.all(
      [...byNode].map(async ([nodeId, led]) => [await this.node(nodeId), led] as const),
    );
    return new Map(found);
  }

  /** What is on its way is given up. */
  async drop(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#coordinators.clear();
    this.#sockets?.close();
    await opened?.then((cluster) => cluster.disconnect()).catch(() => {});
  }

  async #open(): Promise<Cluster> {
    this.#sockets = this.#options.sockets.branch();
    const cluster = createCluster({ ...this.#options, sockets: this.#sockets });
    try {
      await cluster.connect();
      return cluster;
    } catch (error) {
      await cluster.disconnect().catch(() => {});
      throw error;
    }
  }
}

const noNode = -1;

const nodeOf = (cluster: Cluster, { topic, partition }: TopicPartition): number =>
  cluster.findTopicPartitionMetadata(topic).find((p) => p.partitionId === partition)?.leader ?? noNode;
