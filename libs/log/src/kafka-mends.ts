/**
 * What kafkajs 2.2.4 needs mended, done in memory as it is loaded; nothing on disk is touched. Each mend names the
 * behaviour as published. The version is pinned and is the last one, so what is reached into here does not move.
 */

interface RequestQueue {
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly pending: readonly unknown[];
  checkPendingRequests(): void;
}

const checkPendingAfterMs = 10;

/**
 * As published, every answered request arms a timer of at most 1 ms even where nothing is pending, and that timer arms
 * the next (kafkajs issues 1604 and 1751): some 900 wake-ups a second of an idle connection. A queue without pending
 * requests has nothing to check.
 */
const mendRequestQueue = (load: NodeJS.Require): void => {
  const Queue = load('kafkajs/src/network/requestQueue') as {
    prototype: RequestQueue & Record<string, unknown>;
  };
  Queue.prototype['scheduleCheckPendingRequests'] = function schedule(this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const waitMs = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      waitMs > 0 ? waitMs : checkPendingAfterMs,
    );
  };
};

interface PartitionMetadata {
  readonly partitionErrorCode: number;
  readonly leader: number;
}
interface Metadata {
  readonly topicMetadata: readonly { readonly partitionMetadata: readonly PartitionMetadata[] }[];
}

const metadataVersions = [0, 1, 2, 3, 4, 5, 6];
const leaderNotAvailable = 5;
const replicaNotAvailable = 9;

const withoutFault = (partition: PartitionMetadata): PartitionMetadata => {
  const { partitionErrorCode: code, leader } = partition;
  if (code === leaderNotAvailable) return { ...partition, partitionErrorCode: 0, leader: -1 };
  return code === replicaNotAvailable ? { ...partition, partitionErrorCode: 0, leader } : partition;
};

/**
 * As published, one partition without a leader makes the metadata of all topics an error, so that nobody reads or
 * writes any of them until it is back. The partition is left without a leader instead (-1).
 */
const mendMetadata = (load: NodeJS.Require): void => {
  for (const version of metadataVersions) {
    const response = load(`kafkajs/src/protocol/requests/metadata/v${version}/response`) as {
      parse(data: Metadata): Promise<Metadata>;
    };
    const { parse } = response;
    response.parse = (data) =>
      parse({
        ...data,
        topicMetadata: data.topicMetadata.map((topic) => ({
          ...topic,
          partitionMetadata: topic.partitionMetadata.map(withoutFault),
        })),
      });
  }
};

/** Must come before kafkajs is loaded for the first time. */
export const mendKafkajs = (load: NodeJS.Require): void => {
  mendRequestQueue(load);
  mendMetadata(load);
};
