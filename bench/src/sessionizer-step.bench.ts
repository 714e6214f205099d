/**
 * What does one request cost the sessionizer, from bytes to sequence? Input: 200,000 requests of 5,000 sessions with event ids,
 * nearly in order (up to 2 s of disorder), a request a millisecond, batches of 2,000. The floor only decodes. Not in the number:
 * the log (disk, transaction, network). Run: `node bench/src/sessionizer-step.bench.ts [rounds]`.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ChangelogEntry,
  changelogToAvro,
  journalChunkKey,
  journalHeadKey,
  journalHeldKey,
  LIVE,
  operationKey,
  requestFromAvro,
  requestToAvro,
  type SessionId,
  type ShortId,
  sequenceToAvro,
  Topic,
  watermarkKey,
  windowKey,
  type ZoneId,
} from '@precede/contracts';
import { type AvroCodec, openEmbeddedLog } from '@precede/log';
import { createOutputs, restoreJournal, step, WindowJournal } from '@precede/sequence';
import { seeded } from '@precede/testkit/seeded';

const requests = 200_000;
const sessions = 5_000;
const batch = 2_000;
const zoneId = 'e'.repeat(32) as ZoneId;
const zones = { settingsOf: () => ({ inactivityGapMs: 600_000, graceMs: 5_000 }) };

const makeInput = (codec: AvroCodec): Buffer[] => {
  const draw = seeded(1);
  return Array.from({ length: requests }, (_, i) =>
    codec.encode(
      Topic.requests,
      requestToAvro({
        kind: 'request',
        zoneId,
        sessionId: Math.floor(draw() * sessions)
          .toString(16)
          .padStart(32, '0') as SessionId,
        operation: Math.floor(draw() * 60) as ShortId,
        timeMs: 1_700_000_000_000 + i - Math.floor(draw() * 2_000),
        source: LIVE,
        status: 200,
        durationMs: 12.5,
        bytes: 2_048,
        eventId: `import-1:${i}`,
      }),
    ),
  );
};

const decode = (codec: AvroCodec, value: Buffer) => requestFromAvro(codec.decode(Topic.requests, value));

const floor = (codec: AvroCodec, input: readonly Buffer[]): number => {
  let sum = 0;
  for (const value of input) {
    const event = decode(codec, value);
    if (event.kind === 'request') sum += event.operation;
  }
  return sum;
};

interface Done {
  readonly sequences: number;
  readonly bases: number;
  readonly bytes: number;
}

const stepAll = (codec: AvroCodec, input: readonly Buffer[], isEncoded: boolean): Done => {
  const { state, journal: from } = restoreJournal([]);
  const journal = new WindowJournal(from);
  let sequences = 0;
  let bases = 0;
  let bytes = 0;
  const count = (key: Buffer, entry: ChangelogEntry | null): void => {
    bytes += key.length;
    if (entry !== null) bytes += codec.encode(Topic.changelog, changelogToAvro(entry)).length;
  };
  for (let at = 0; at < input.length; at += batch) {
    const out = createOutputs();
    for (let i = at; i < Math.min(at + batch, input.length); i++) {
      const event = decode(codec, input[i] as Buffer);
      const verdict = step(state, { kind: 'record', event, offset: i, receivedMs: at }, zones, out);
      journal.add(state, event, i, verdict);
    }
    sequences += out.sequences.length;
    journal.beforeTick(state, zones);
    const write = journal.write(state, { nowMs: at, isAtEnd: false, position: at + batch }, true);
    if (write?.kind === 'base') bases += 1;
    if (!isEncoded) continue;
    for (const each of out.sequences) {
      bytes += operationKey(zoneId, each.operations.at(-1) as ShortId).length;
      bytes += codec.encode(Topic.sequences, sequenceToAvro(each)).length;
    }
    if (write?.kind === 'chunks')
      for (const chunk of write.chunks) count(journalChunkKey(chunk.sequence), chunk);
    if (write?.kind !== 'base') continue;
    for (const { sessionId, entry } of write.changes)
      count(sessionId === null ? watermarkKey(zoneId, LIVE) : windowKey(zoneId, LIVE, sessionId), entry);
    for (const held of write.held) count(journalHeldKey(held.sequence), held);
    count(journalHeadKey(), write.head);
  }
  // What is held at the end is what the grace holds back.
  assert.equal(sequences + state.heldRequests, input.length);
  return { sequences, bases, bytes };
};

const nsOf = <T>(run: () => T): { ns: number; value: T } => {
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const value = run();
  const used = process.cpuUsage(cpu);
  return { ns: ((used.user + used.system) * 1_000) / requests, value };
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const dir = mkdtempSync(join(tmpdir(), 'precede-bench-'));
const log = await openEmbeddedLog({ dir, partitions: 1 });
try {
  const { codec } = log;
  const input = makeInput(codec);
  const rounds = Number(process.argv[2] ?? 5);
  const times: Record<'floor' | 'step' | 'whole', number[]> = { floor: [], step: [], whole: [] };
  let done: Done = { sequences: 0, bases: 0, bytes: 0 };
  // Alternating, and the first round only warms up.
  for (let round = 0; round <= rounds; round++) {
    const bare = nsOf(() => floor(codec, input));
    const stepped = nsOf(() => stepAll(codec, input, false));
    const whole = nsOf(() => stepAll(codec, input, true));
    assert.equal(stepped.value.sequences, whole.value.sequences);
    done = whole.value;
    if (round === 0) continue;
    times.floor.push(bare.ns);
    times.step.push(stepped.ns);
    times.whole.push(whole.ns);
  }
  const base = median(times.floor);
  for (const [name, values] of Object.entries(times)) {
    const ns = median(values);
    process.stdout.write(
      `${name.padEnd(6)} ${ns.toFixed(0).padStart(6)} CPU ns a request  ${(ns / base).toFixed(2)} × floor\n`,
    );
  }
  const { sequences, bases, bytes } = done;
  process.stdout.write(
    `${sequences} sequences, ${bases} bases, ${(bytes / requests).toFixed(0)} bytes a request\n`,
  );
} finally {
  await log.close();
  rmSync(dir, { recursive: true, force: true });
}
