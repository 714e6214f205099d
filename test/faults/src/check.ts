/** Reads the input and the three outputs back as every consumer does, read committed, and compares them with the recount. */
import {
  deadLetterFromAvro,
  formatShortId,
  type RequestEvent,
  requestFromAvro,
  sequenceFromAvro,
  sessionFromAvro,
  Topic,
  type TopicName,
} from '@precede/contracts';
import { type EventLog, type LogRecord, partitionOf } from '@precede/log';
import { Account, compare, createDifferences, type Differences } from './ledger.ts';
import { type ExpectedSequence, type ExpectedSession, type Judgement, Recount } from './recount.ts';
import { zones } from './traffic.ts';

export const outputs = [Topic.sequences, Topic.sessions, Topic.deadLetters] as const;
export type Output = (typeof outputs)[number];
type Accounts = Record<Output, Account>;

export interface Checked extends Differences {
  readonly expected: number;
  readonly seen: number;
}

export interface Check {
  readonly inputRecords: number;
  readonly judgements: Record<Judgement | 'unreadable', number>;
  readonly outputs: Record<Output, Checked>;
  /** Chains of the output that differ. */
  readonly differing: number;
}

/** More chains than this are not read a second time: then everything is wrong anyway. */
const maxChains = 20_000;

export const check = async (log: EventLog, partitions: number): Promise<Check> => {
  const expected = createAccounts();
  const input = await recountInput(log, partitions, expected);
  const seen = await readOutputs(log);
  const differing = outputs.flatMap((topic) => expected[topic].differing(seen[topic]));
  const found = {
    sequences: createDifferences(),
    sessions: createDifferences(),
    letters: createDifferences(),
  };
  const differences: Record<Output, Differences> = {
    [Topic.sequences]: found.sequences,
    [Topic.sessions]: found.sessions,
    [Topic.deadLetters]: found.letters,
  };
  if (differing.length > 0) {
    const wanted = new Set(differing.slice(0, maxChains));
    const again = createAccounts(wanted);
    await recountInput(log, partitions, again);
    const seenAgain = await readOutputs(log, wanted);
    for (const chain of wanted) {
      const topic = outputs.find((name) => chain.startsWith(`${name}/`)) as Output;
      compare(differences[topic], chain, again[topic].linesOf(chain), seenAgain[topic].linesOf(chain));
    }
  }
  const of = (topic: Output): Checked => ({
    expected: expected[topic].count,
    seen: seen[topic].count,
    ...differences[topic],
  });
  return {
    ...input,
    outputs: {
      [Topic.sequences]: of(Topic.sequences),
      [Topic.sessions]: of(Topic.sessions),
      [Topic.deadLetters]: of(Topic.deadLetters),
    },
    differing: differing.length,
  };
};

const createAccounts = (wanted?: ReadonlySet<string>): Accounts => ({
  [Topic.sequences]: new Account(wanted),
  [Topic.sessions]: new Account(wanted),
  [Topic.deadLetters]: new Account(wanted),
});

/** Every record up to the end that the topic has now, and nothing kept. */
const readTopic = async (
  log: EventLog,
  topic: TopicName,
  onRecord: (record: LogRecord) => void,
): Promise<void> => {
  let failure: unknown;
  const tail = await log.tail({
    topic,
    onRecords: async (records) => {
      await log.codec.prepare(
        topic,
        records.map((record) => record.value),
      );
      try {
        for (const record of records) onRecord(record);
      } catch (error) {
        failure ??= error;
      }
    },
    onError: (error) => {
      failure ??= error;
    },
  });
  await tail.caughtUp;
  await tail.close();
  if (failure !== undefined) throw failure;
};

// Expected ----------------------------------------------------------------------------------------------------------

const recountInput = async (
  log: EventLog,
  partitions: number,
  accounts: Accounts,
): Promise<Pick<Check, 'inputRecords' | 'judgements'>> => {
  const settings = new Map(zones.map((zone) => [zone.zoneId as string, zone]));
  const settingsOf = (zone: string) => settings.get(zone) as (typeof zones)[number];
  const outcome = {
    sequence: (sequence: ExpectedSequence) =>
      accounts[Topic.sequences].add(...expectedSequence(sequence, partitions)),
    closed: (session: ExpectedSession) =>
      accounts[Topic.sessions].add(...expectedSession(session, partitions)),
  };
  const recounts = Array.from({ length: partitions }, () => new Recount(settingsOf, outcome));
  const judgements = { taken: 0, repeated: 0, late: 0, window_closed: 0, source_ended: 0, unreadable: 0 };
  let inputRecords = 0;
  await readTopic(log, Topic.requests, (record) => {
    inputRecords++;
    const event = readEvent(log, record);
    const judgement =
      event === undefined ? 'unreadable' : (recounts[record.partition] as Recount).take(event);
    judgements[judgement]++;
    if (judgement === 'taken' || judgement === 'repeated') return;
    accounts[Topic.deadLetters].add(...letterLine(judgement, record));
  });
  for (const recount of recounts) recount.finish();
  return { inputRecords, judgements };
};

const readEvent = (log: EventLog, record: LogRecord): RequestEvent | undefined => {
  if (record.value === null) return undefined;
  try {
    return requestFromAvro(log.codec.decode(Topic.requests, record.value));
  } catch {
    return undefined;
  }
};

type Line = readonly [chain: string, line: string];

/** What of a sequence is in order among itself: one session's, as far as they meet in one partition. */
const expectedSequence = (sequence: ExpectedSequence, partitions: number): Line => {
  const { zone, source, session, timeMs, operations, runLengths, ageMs } = sequence;
  const key = Buffer.from(zone + formatShortId(operations.at(-1) as number), 'hex');
  const chain = `${Topic.sequences}/${partitionOf(key, partitions)}/${zone}/${source}/${session.slice(0, 16)}`;
  return [chain, JSON.stringify([key.toString('hex'), timeMs, operations, runLengths, ageMs])];
};

const keptOperations = 1_000;

const expectedSession = (closed: ExpectedSession, partitions: number): Line => {
  const { zone, source, session, requests, ended } = closed;
  const kept = requests.slice(-keptOperations);
  const key = Buffer.from(zone + session, 'hex');
  return [
    `${Topic.sessions}/${partitionOf(key, partitions)}/${zone}/${source}/${session}`,
    JSON.stringify([
      key.toString('hex'),
      requests[0]?.timeMs,
      requests.at(-1)?.timeMs,
      requests.length,
      kept.map((request) => request.operation),
      kept.map((request) => request.timeMs),
      requests.length - kept.length,
      ended,
    ]),
  ];
};

const letterLine = (
  reason: string,
  record: Pick<LogRecord, 'partition' | 'offset' | 'key' | 'value'>,
): Line => {
  const { partition, offset, key, value } = record;
  return [
    `${Topic.deadLetters}/${partition}`,
    JSON.stringify([reason, offset, key?.toString('hex'), value?.toString('hex')]),
  ];
};

// Seen --------------------------------------------------------------------------------------------------------------

const readOutputs = async (log: EventLog, wanted?: ReadonlySet<string>): Promise<Accounts> => {
  const accounts = createAccounts(wanted);
  for (const topic of outputs)
    await readTopic(log, topic, (record) => accounts[topic].add(...seenLine(log, topic, record)));
  return accounts;
};

const seenLine = (log: EventLog, topic: Output, record: LogRecord): Line => {
  const value = log.codec.decode(topic, record.value as Buffer);
  const key = record.key?.toString('hex');
  if (topic === Topic.sequences) {
    const s = sequenceFromAvro(value);
    return [
      `${topic}/${record.partition}/${s.zoneId}/${s.source}/${s.pseudonym}`,
      JSON.stringify([key, s.timeMs, s.operations, s.runLengths, s.ageMs]),
    ];
  }
  if (topic === Topic.sessions) {
    const s = sessionFromAvro(value);
    return [
      `${topic}/${record.partition}/${s.zoneId}/${s.source}/${s.sessionId}`,
      JSON.stringify([key, s.firstMs, s.lastMs, s.length, s.operations, s.timesMs, s.cut, s.ended]),
    ];
  }
  const letter = deadLetterFromAvro(value);
  const { reason, partition, offset } = letter;
  const origin = { reason, topic: Topic.requests, partition: String(partition), offset: String(offset) };
  if (JSON.stringify(record.headers) !== JSON.stringify(origin))
    return [`${topic}/headers`, JSON.stringify(record.headers)];
  return letterLine(reason, letter);
};
