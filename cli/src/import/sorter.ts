/**
 * Sorts events by (time, input position) with bounded memory: full runs go to temporary files and are merged while reading.
 * Real logs are nearly sorted by completion, not by time, and the sessionizer would call the rest late.
 */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import type { ImportedEvent } from './event.ts';

export interface Positioned {
  readonly position: number;
  readonly event: ImportedEvent;
}

const before = (a: Positioned, b: Positioned): number =>
  a.event.timeMs - b.event.timeMs || a.position - b.position;

export class EventSorter {
  readonly #maxInMemory: number;
  readonly #runs: string[] = [];
  #dir: string | undefined;
  #buffer: Positioned[] = [];
  #count = 0;
  maxTimeMs = Number.NEGATIVE_INFINITY;
  minTimeMs = Number.POSITIVE_INFINITY;

  constructor(maxInMemory = 200_000) {
    this.#maxInMemory = maxInMemory;
  }

  get count(): number {
    return this.#count;
  }

  async add(item: Positioned): Promise<void> {
    this.#buffer.push(item);
    this.#count += 1;
    this.maxTimeMs = Math.max(this.maxTimeMs, item.event.timeMs);
    this.minTimeMs = Math.min(this.minTimeMs, item.event.timeMs);
    if (this.#buffer.length >= this.#maxInMemory) await this.#spill();
  }

  /** All events in order; may be read again. */
  async *sorted(): AsyncGenerator<Positioned> {
    this.#buffer.sort(before);
    if (this.#runs.length === 0) yield* this.#buffer;
    else yield* merge([...this.#runs.map(readRun), iterate(this.#buffer)]);
  }

  async close(): Promise<void> {
    this.#buffer = [];
    if (this.#dir !== undefined) await rm(this.#dir, { recursive: true, force: true });
  }

  async #spill(): Promise<void> {
    this.#dir ??= await mkdtemp(join(tmpdir(), 'precede-import-'));
    const path = join(this.#dir, `run-${this.#runs.length}`);
    const file = createWriteStream(path, { mode: 0o600, highWaterMark: 1 << 20 });
    for (const item of this.#buffer.sort(before))
      if (!file.write(`${JSON.stringify(item)}\n`)) await once(file, 'drain');
    file.end();
    await finished(file);
    this.#runs.push(path);
    this.#buffer = [];
  }
}

async function* readRun(path: string): AsyncGenerator<Positioned> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) yield JSON.parse(line) as Positioned;
}

async function* iterate(items: readonly Positioned[]): AsyncGenerator<Positioned> {
  yield* items;
}

interface Head {
  item: Positioned;
  readonly from: AsyncGenerator<Positioned>;
}

/** k-way merge over a binary heap of the runs' first items: O(n log k). */
async function* merge(runs: readonly AsyncGenerator<Positioned>[]): AsyncGenerator<Positioned> {
  const heap: Head[] = [];
  for (const from of runs) {
    const first = await from.next();
    if (first.done !== true) heap.push({ item: first.value, from });
  }
  heap.sort((a, b) => before(a.item, b.item));
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    yield top.item;
    const next = await top.from.next();
    if (next.done === true) replaceTop(heap, heap.pop() as Head);
    else replaceTop(heap, { item: next.value, from: top.from });
  }
}

const replaceTop = (heap: Head[], head: Head): void => {
  if (heap.length === 0) return;
  heap[0] = head;
  for (let i = 0; ; ) {
    const left = 2 * i + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const child = right < heap.length && before(at(heap, right), at(heap, left)) < 0 ? right : left;
    if (before(at(heap, i), at(heap, child)) <= 0) return;
    [heap[i], heap[child]] = [heap[child] as Head, heap[i] as Head];
    i = child;
  }
};

const at = (heap: readonly Head[], i: number): Positioned => (heap[i] as Head).item;
