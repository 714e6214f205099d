/**
 * An event log that tells an observer what it is asked, how that ends, and how far each consumer has come. A decorator
 * over the port, so that both adapters are measured alike and know nothing of it.
 */
import { ErrorCode, FencedError, PrecedeError, type TopicName, UnavailableError } from '@precede/contracts';
import { type ConsumerLook, lookOf } from './consumer-look.ts';
import type {
  EventLog,
  LogProducer,
  OutgoingRecord,
  PartitionTask,
  Processing,
  ProcessOptions,
  ProducerOptions,
  StepResult,
  Tail,
  TailOptions,
} from './port.ts';
import { timed } from './timed.ts';

export type LogCall = 'send' | 'commit' | 'ends' | 'ping';
export type LogFailure = 'away' | 'fenced' | 'held' | 'mismatch' | 'other';

export interface FollowedLook {
  readonly offset: number;
  readonly contactAgeSeconds: number;
}

/** Must not throw. */
export interface LogObserver {
  called(call: LogCall, outcome: 'ok' | 'failed', seconds: number): void;
  moved(topic: TopicName, direction: 'read' | 'written', count: number): void;
  failed(topic: TopicName, reason: LogFailure): void;
  /** `look` may be called at any time from now on. */
  consumes(topic: TopicName, look: () => ConsumerLook): void;
  follows(topic: TopicName, look: () => FollowedLook): void;
}

/** How often the ends of what is consumed are asked for. */
const endsEveryMs = 10_000;

export const measuredLog = (log: EventLog, observer: LogObserver): EventLog => {
  const beganMs = performance.now();
  return {
    codec: log.codec,
    ensureTopics: (specs) => log.ensureTopics(specs),
    partitionCount: (topic) => log.partitionCount(topic),
    producer: async (options) => measuredProducer(log, observer, options),
    process: (options) => process(log, observer, options),
    tail: (options) => tail(log, observer, options, beganMs),
    endOffsets: (topic) => timed(telling(observer, 'ends'), () => log.endOffsets(topic)),
    committedOffsets: (group, topic) =>
      timed(telling(observer, 'ends'), () => log.committedOffsets(group, topic)),
    ping: (timeoutMs) => timed(telling(observer, 'ping'), () => log.ping(timeoutMs)),
    close: () => log.close(),
  };
};

const telling =
  (observer: LogObserver, call: LogCall) =>
  (outcome: 'ok' | 'failed', seconds: number): void =>
    observer.called(call, outcome, seconds);

const countByTopic = (observer: LogObserver, records: readonly OutgoingRecord[]): void => {
  const counts = new Map<TopicName, number>();
  for (const { topic } of records) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  for (const [topic, count] of counts) observer.moved(topic, 'written', count);
};

const measuredProducer = async (
  log: EventLog,
  observer: LogObserver,
  options?: ProducerOptions,
): Promise<LogProducer> => {
  const producer = await log.producer(options);
  return {
    send: async (records) => {
      await timed(telling(observer, 'send'), () => producer.send(records));
      countByTopic(observer, records);
    },
    close: () => producer.close(),
  };
};

const process = async (
  log: EventLog,
  observer: LogObserver,
  options: ProcessOptions,
): Promise<Processing> => {
  const { topic } = options;
  const processing = await log.process({
    ...options,
    open: async (assignment) => measuredTask(await options.open(assignment), observer, topic),
    onError: (error, partition) => {
      observer.failed(topic, failureOf(error));
      options.onError?.(error, partition);
    },
  });
  let ends: ReadonlyMap<number, number> = new Map();
  const stop = every(endsEveryMs, async () => {
    const partitions = processing.progress().map(({ partition }) => partition);
    if (partitions.length > 0)
      ends = await timed(telling(observer, 'ends'), () => processing.ends(partitions));
  });
  observer.consumes(topic, () => lookOf(processing.progress(), ends, Date.now()));
  return {
    ready: processing.ready,
    partitions: () => processing.partitions(),
    progress: () => processing.progress(),
    ends: (partitions) => processing.ends(partitions),
    close: () => {
      stop();
      return processing.close();
    },
  };
};

/** A step that asked for something to be written or committed, from its end to the word of the log. */
const measuredTask = (task: PartitionTask, observer: LogObserver, topic: TopicName): PartitionTask => {
  let step: { readonly result: StepResult; readonly read: number; readonly endedMs: number } | undefined;
  const end = (outcome: 'ok' | 'failed'): void => {
    if (step === undefined) return;
    const { result, read, endedMs } = step;
    step = undefined;
    if (result.outputs.length > 0 || result.commit !== null)
      observer.called('commit', outcome, (performance.now() - endedMs) / 1000);
    if (outcome === 'failed') return;
    if (read > 0) observer.moved(topic, 'read', read);
    countByTopic(observer, result.outputs);
  };
  return {
    step: async (batch) => {
      const result = await task.step(batch);
      step = { result, read: batch.records.length, endedMs: performance.now() };
      return result;
    },
    committed: () => {
      end('ok');
      task.committed?.();
    },
    close: () => {
      end('failed');
      return task.close();
    },
  };
};

/** `beganMs`: since when there is somebody who wants to follow, be it in vain. */
const tail = async (
  log: EventLog,
  observer: LogObserver,
  options: TailOptions,
  beganMs: number,
): Promise<Tail> => {
  const { topic } = options;
  let opened: Tail | undefined;
  observer.follows(topic, () => {
    const { offset, contactAgeMs } = opened?.progress() ?? {
      offset: 0,
      contactAgeMs: performance.now() - beganMs,
    };
    return { offset, contactAgeSeconds: contactAgeMs / 1000 };
  });
  opened = await log.tail({
    ...options,
    onRecords: async (records) => {
      await options.onRecords(records);
      observer.moved(topic, 'read', records.length);
    },
    onError: (error) => {
      observer.failed(topic, failureOf(error));
      options.onError?.(error);
    },
  });
  return opened;
};

const failureOf = (error: unknown): LogFailure => {
  if (error instanceof FencedError) return 'fenced';
  if (error instanceof UnavailableError) return error.code === ErrorCode.logHeld ? 'held' : 'away';
  const isMismatch = error instanceof PrecedeError && error.code === ErrorCode.stateMismatch;
  return isMismatch ? 'mismatch' : 'other';
};

/** One at a time; what fails is asked again at the next. Returns how to stop. */
const every = (ms: number, ask: () => Promise<void>): (() => void) => {
  let isAsking = false;
  const timer = setInterval(() => {
    if (isAsking) return;
    isAsking = true;
    ask()
      .catch(() => {})
      .finally(() => {
        isAsking = false;
      });
  }, ms).unref();
  return () => clearInterval(timer);
};
