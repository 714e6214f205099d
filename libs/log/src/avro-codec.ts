/**
 * What both codecs share: the schema files of the topics, their avsc types, and framed encoding and decoding.
 * A frame is a short header naming the writer's schema, then the Avro binary form. Nothing here knows a log.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { TopicName } from '@precede/contracts';
import { ErrorCode, InputError, PrecedeError, schemaUrl, Topic } from '@precede/contracts';
import type { Resolver } from 'avsc';
import { parseType, type Type } from './avro-type.ts';

export { parseType, type Type } from './avro-type.ts';

export interface TopicSchemas {
  /** Text of the schema file, as a registry wants it. */
  readonly text: string;
  /** What this version writes, and the shape every reader gets. */
  readonly current: Type;
  /** What earlier releases wrote, oldest first. */
  readonly released: readonly Type[];
}

/** Current and released schemas of every topic. */
export const readSchemas = async (): Promise<ReadonlyMap<TopicName, TopicSchemas>> => {
  const topics = Object.values(Topic);
  const all = await Promise.all(topics.map(readTopicSchemas));
  return new Map(topics.map((topic, i) => [topic, all[i] as TopicSchemas]));
};

const readTopicSchemas = async (topic: TopicName): Promise<TopicSchemas> => {
  const url = schemaUrl(topic);
  const text = await readFile(url, 'utf8');
  const releases = await readdir(new URL('released/', url));
  const texts = await Promise.all(
    releases.sort().map((r) => readIfThere(new URL(`released/${r}/${topic}.avsc`, url))),
  );
  const released = texts.filter((t) => t !== null).map((t) => parseType(JSON.parse(t)));
  return { text, current: parseType(JSON.parse(text)), released };
};

const readIfThere = (url: URL): Promise<string | null> =>
  readFile(url, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });

/** How values of one writer become the reader's shape; undefined where both are the same. Throws where they do not fit. */
export const resolverOf = (reader: Type, writer: Type): Resolver | undefined =>
  reader.equals(writer) ? undefined : reader.createResolver(writer);

let scratch = Buffer.allocUnsafe(64 * 1024);

/** `header` and the value, encoded. Throws InputError with a pointer to what does not fit. */
export const encodeFramed = (type: Type, header: Buffer, value: unknown): Buffer => {
  let end = tryEncode(type, header.length, value);
  if (end < 0) {
    scratch = Buffer.allocUnsafe(scratch.length - end);
    end = tryEncode(type, header.length, value);
  }
  header.copy(scratch, 0);
  const frame = Buffer.from(scratch.subarray(0, end));
  if (scratch.length > maxScratchBytes) scratch = Buffer.allocUnsafe(64 * 1024);
  return frame;
};

// One large record must not keep its memory for ever.
const maxScratchBytes = 4 * 1024 * 1024;

const tryEncode = (type: Type, start: number, value: unknown): number => {
  try {
    return type.encode(value, scratch, start);
  } catch (error) {
    throw new InputError(
      faultOf(type, value),
      `The value does not fit ${type.name}: ${(error as Error).message}.`,
    );
  }
};

const faultOf = (type: Type, value: unknown): string => {
  let pointer = '';
  const errorHook = (path: string[]): void => {
    pointer ||= `/${path.join('/')}`;
  };
  type.isValid(value, { errorHook });
  return pointer;
};

/** The value behind a header of `start` bytes; the whole rest must be that value. Throws PRECEDE_RECORD_UNREADABLE. */
export const decodeFramed = (
  topic: TopicName,
  type: Type,
  resolver: Resolver | undefined,
  frame: Buffer,
  start: number,
): unknown => {
  let read: { value: unknown; offset: number };
  try {
    read = type.decode(frame, start, resolver);
  } catch (error) {
    throw unreadable(topic, (error as Error).message, error);
  }
  if (read.offset < 0) throw unreadable(topic, 'the bytes end too early');
  if (read.offset !== frame.length) throw unreadable(topic, 'bytes follow after its end');
  return read.value;
};

/** The length of the header where the value begins with it, else −1. */
export const bodyAfter = (header: Buffer, value: Buffer): number => {
  const { length } = header;
  if (value.length < length) return -1;
  // For so few bytes a loop is several times faster than Buffer.compare.
  for (let i = 0; i < length; i += 1) if (value[i] !== header[i]) return -1;
  return length;
};

/** The error of anything that is no record of the topic. */
export const unreadable = (topic: TopicName, why: string, cause?: unknown): PrecedeError =>
  new PrecedeError(ErrorCode.recordUnreadable, `A record of ${topic} cannot be read: ${why}.`, { cause });
