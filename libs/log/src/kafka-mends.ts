/**
 * What kafkajs 2.2.4 needs mended, done in memory as it is loaded; nothing on disk is touched. Each mend names the
 * behaviour as published. The version is pinned and is the last one, so what is reached into here does not move.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from 'kafkajs';

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

/** As published, grouping n messages of one partition copies n²/2 references. We always name the partition. */
const mendGrouping = (load: NodeJS.Require): void => {
  const path = load.resolve('kafkajs/src/producer/groupMessagesPerPartition');
  load(path);
  const module = load.cache[path];
  if (module === undefined) throw new Error('kafkajs/src/producer/groupMessagesPerPartition is not cached');
  module.exports = ({ messages }: { messages: readonly Message[] }) => {
    const grouped: Record<number, Message[]> = {};
    for (const message of messages) {
      const partition = message.partition as number;
      const group = grouped[partition];
      if (group === undefined) grouped[partition] = [message];
      else group.push(message);
    }
    return grouped;
  };
};

interface TransactionCoordinator {
  isConnected(): boolean;
  connect(): Promise<void>;
}
type EndTxn = (this: TransactionCoordinator, request: unknown) => Promise<unknown>;

const endPauseMs = 200;
const endWithinMs = 20_000;

/**
 * As published, the end of a transaction is tried once, and a producer whose try failed can neither end it nor begin
 * another. The broker takes a repeated end for the first one, so it is repeated, within the transaction's timeout.
 */
export const repeatEnd = (endTxn: EndTxn, pauseMs = endPauseMs, withinMs = endWithinMs): EndTxn =>
  async function end(request) {
    const deadlineMs = performance.now() + withinMs;
    for (;;)
      try {
        if (!this.isConnected()) await this.connect();
        return await endTxn.call(this, request);
      } catch (error) {
        const { retriable } = error as { retriable?: boolean };
        if (retriable !== true || performance.now() + pauseMs > deadlineMs) throw error;
        await sleep(pauseMs);
      }
  };

// kafkajs's number for the coordinator of transactions.
const transactionCoordinator = 1;
const awayNames = new Set([
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionError',
]);
interface CoordinatorRequest {
  readonly groupId: string;
  readonly coordinatorType?: number;
}
type FindCoordinator = (this: unknown, request: CoordinatorRequest) => Promise<unknown>;

/**
 * As published, a commit looks for its coordinator first, gives up at once where no broker answers, and leaves the
 * producer as unable to go on as a failed end does: so the look is repeated as long as the end is.
 */
export const repeatFind = (
  find: FindCoordinator,
  pauseMs = endPauseMs,
  withinMs = endWithinMs,
): FindCoordinator =>
  async function findAgain(request) {
    const deadlineMs = performance.now() + withinMs;
    for (;;)
      try {
        return await find.call(this, request);
      } catch (error) {
        const isAway = awayNames.has((error as Error).name);
        if (request.coordinatorType !== transactionCoordinator || !isAway) throw error;
        if (performance.now() + pauseMs > deadlineMs) throw error;
        await sleep(pauseMs);
      }
  };

const mendFindCoordinator = (load: NodeJS.Require): void => {
  const Cluster = load('kafkajs/src/cluster') as { prototype: { findGroupCoordinator: FindCoordinator } };
  Cluster.prototype.findGroupCoordinator = repeatFind(Cluster.prototype.findGroupCoordinator);
};

const mendEndTxn = (load: NodeJS.Require): void => {
  const Broker = load('kafkajs/src/broker') as { prototype: { endTxn: EndTxn } };
  Broker.prototype.endTxn = repeatEnd(Broker.prototype.endTxn);
};

/** Must come before kafkajs is loaded for the first time. */
export const mendKafkajs = (load: NodeJS.Require): void => {
  mendRequestQueue(load);
  mendGrouping(load);
  mendEndTxn(load);
  mendFindCoordinator(load);
};
