/** What was read of one partition and not yet given to its task. Bounded: a full inbox holds the reader back. */
import type { Fetched } from './kafka-fetched.ts';
import type { LogRecord } from './port.ts';

interface Chunk {
  readonly read: () => readonly LogRecord[];
  /** Made when the first is taken. */
  records: readonly LogRecord[] | undefined;
  /** How many of the records have been taken. */
  taken: number;
  readonly count: number;
  /** The offset after the chunk, markers included. */
  readonly position: number;
  readonly bytes: number;
}

export interface Taken {
  readonly records: readonly LogRecord[];
  readonly position: number;
  readonly isAtEnd: boolean;
}

const maxBytes = 8 * 1024 * 1024;

export class Inbox {
  readonly #maxRecords: number;
  readonly #chunks: Chunk[] = [];
  #records = 0;
  #bytes = 0;
  #position: number;
  /** Unknown after a failure until the next answer: then the partition does not count as read to its end. */
  #end: number | undefined;
  #wake: () => void = () => {};

  constructor(position: number, end: number, maxRecords: number) {
    this.#position = position;
    this.#end = end;
    this.#maxRecords = maxRecords;
  }

  hasRoom(): boolean {
    return this.#records < this.#maxRecords && this.#bytes < maxBytes;
  }

  deliver({ count, read, position, end, bytes }: Fetched): void {
    this.#end = end;
    const last = this.#chunks[this.#chunks.length - 1]?.position ?? this.#position;
    if (count === 0 && position === last) return;
    this.#chunks.push({ read, records: undefined, taken: 0, count, position, bytes });
    this.#records += count;
    this.#bytes += bytes;
    if (count > 0) this.#wake();
  }

  lost(): void {
    this.#end = undefined;
  }

  /** Resolves when records are there, or after `forMs`, or when woken. */
  async wait(forMs: number): Promise<void> {
    if (this.#records > 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, forMs);
    });
    clearTimeout(timer);
  }

  wake(): void {
    this.#wake();
  }

  take(most: number): Taken {
    const taken: LogRecord[] = [];
    for (let chunk = this.#chunks[0]; chunk !== undefined && taken.length < most; chunk = this.#chunks[0]) {
      if (!this.#takeFrom(chunk, most, taken)) break;
      this.#chunks.shift();
      this.#records -= chunk.count;
      this.#bytes -= chunk.bytes;
      this.#position = chunk.position;
    }
    const isAtEnd = this.#chunks.length === 0 && this.#end !== undefined && this.#position >= this.#end;
    return { records: taken, position: this.#position, isAtEnd };
  }

  /** Whether the chunk has been taken whole. */
  #takeFrom(chunk: Chunk, most: number, into: LogRecord[]): boolean {
    chunk.records ??= chunk.read();
    const { records } = chunk;
    const until = Math.min(records.length, chunk.taken + most - into.length);
    for (let i = chunk.taken; i < until; i += 1) into.push(records[i] as LogRecord);
    chunk.taken = until;
    const last = into[into.length - 1];
    if (last !== undefined) this.#position = last.offset + 1;
    return until === records.length;
  }
}
