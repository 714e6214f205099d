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

interface Metadata {
  readonly topicMetadata: readonly {
    readonly partitionMetadata: readonly { readonly partitionErrorCode: number }[];
  }[];
}

const metadataVersions = [0, 1, 2, 3, 4, 5, 6];

/**
 * As published, one partition in trouble makes the metadata of all topics an error, so that nobody reads or writes any
 * of them until it is well. Here it is one partition without a leader (-1), as the broker says.
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
          partitionMetadata: topic.partitionMetadata.map((partition) => ({
            ...partition,
            partitionErrorCode: 0,
          })),
        })),
      });
  }
};

/** Must come before kafkajs is loaded for the first time. */
export const mendKafkajs = (load: NodeJS.Require): void => {
  mendRequestQueue(load);
  mendMetadata(load);
};
