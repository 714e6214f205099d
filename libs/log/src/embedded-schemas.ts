/**
 * The schemas that have written into a log directory, kept beside the data as a registry would keep them. A release reads
 * with them what an older or a newer one wrote, and refuses a directory in which there may be records that it cannot read.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type TopicName } from '@precede/contracts';
import { parseType, resolverOf, type TopicSchemas, type Type } from './avro-codec.ts';
import { fingerprintOf } from './fingerprint.ts';

const fileName = 'schemas.json';

/** By topic and fingerprint, the schema. */
type Kept = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The schemas, and as released ones those that the directory names and this release does not. Throws ConfigError. */
export const withKeptSchemas = (
  dir: string,
  schemas: ReadonlyMap<TopicName, TopicSchemas>,
): ReadonlyMap<TopicName, TopicSchemas> => {
  const kept = readKept(dir);
  return new Map([...schemas].map(([topic, own]) => [topic, withKept(dir, topic, own, kept[topic] ?? {})]));
};

const withKept = (
  dir: string,
  topic: TopicName,
  own: TopicSchemas,
  kept: Readonly<Record<string, unknown>>,
): TopicSchemas => {
  const known = new Set([own.current, ...own.released].map(nameOf));
  const strangers = Object.entries(kept)
    .filter(([fingerprint]) => !known.has(fingerprint))
    .map(([, schema]) => parseType(schema));
  for (const writer of strangers) assertReadable(dir, topic, own.current, writer);
  return { ...own, released: [...own.released, ...strangers] };
};

const assertReadable = (dir: string, topic: TopicName, reader: Type, writer: Type): void => {
  try {
    resolverOf(reader, writer);
  } catch (error) {
    const why = (error as Error).message;
    throw new ConfigError([
      `The event log in ${dir} has records of ${topic} that a newer release wrote and this one cannot read (${why}). Start that release again, or restore a copy from before it.`,
    ]);
  }
};

/** Before the first record of this release is written. */
export const keepSchemas = (dir: string, schemas: ReadonlyMap<TopicName, TopicSchemas>): void => {
  const kept = readKept(dir);
  const own = [...schemas].filter(([topic, { current }]) => kept[topic]?.[nameOf(current)] === undefined);
  if (own.length === 0) return;
  const added = own.map(([topic, { current, text }]) => [
    topic,
    { ...kept[topic], [nameOf(current)]: JSON.parse(text) as unknown },
  ]);
  const path = join(dir, fileName);
  writeFileSync(`${path}.new`, JSON.stringify({ ...kept, ...Object.fromEntries(added) }), { flush: true });
  renameSync(`${path}.new`, path);
};

const nameOf = (type: Type): string => fingerprintOf(type).toString(16).padStart(16, '0');

const readKept = (dir: string): Kept => {
  const path = join(dir, fileName);
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ConfigError([`${path} is damaged: ${(error as Error).message}.`]);
  }
};
