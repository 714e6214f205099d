/** Puts the stream into requests.v1, in order, through whatever happens to the broker. */
import { PrecedeError, requestToAvro, sessionKey, Topic } from '@precede/contracts';
import type { EventLog, LogProducer, OutgoingRecord } from '@precede/log';
import type { Sent } from './traffic.ts';

export class Feeder {
  readonly #log: EventLog;
  readonly #producer: LogProducer;
  readonly #partitions: number;
  /** Events handed to the log; one that was in doubt and sent again counts once. */
  sent = 0;
  /** Sends that were not acknowledged and done again: their records may be there twice, and are then input like any other. */
  repeated = 0;

  private constructor(log: EventLog, producer: LogProducer, partitions: number) {
    this.#log = log;
    this.#producer = producer;
    this.#partitions = partitions;
  }

  static async open(log: EventLog, partitions: number): Promise<Feeder> {
    return new Feeder(log, await log.producer({ sendTimeoutMs: 60_000 }), partitions);
  }

  async send(events: readonly Sent[]): Promise<void> {
    const records = events.flatMap((event) => this.#recordsOf(event));
    for (;;)
      try {
        await this.#producer.send(records);
        this.sent += events.length;
        return;
      } catch (error) {
        if (!(error instanceof PrecedeError) || !error.retryable) throw error;
        this.repeated++;
      }
  }

  close(): Promise<void> {
    return this.#producer.close();
  }

  #recordsOf(event: Sent): OutgoingRecord[] {
    const topic = Topic.requests;
    if (event.kind === 'unreadable') {
      const value = event.partition % 2 === 0 ? Buffer.from('no record') : null;
      return [{ topic, key: Buffer.from('nobody'), partition: event.partition, value }];
    }
    const value = this.#log.codec.encode(topic, requestToAvro(event));
    if (event.kind === 'request') return [{ topic, key: sessionKey(event.zoneId, event.sessionId), value }];
    const key = Buffer.from(event.zoneId, 'hex');
    return Array.from({ length: this.#partitions }, (_, partition) => ({ topic, key, value, partition }));
  }
}
