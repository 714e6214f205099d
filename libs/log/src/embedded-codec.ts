/**
 * The embedded log's codec: Avro single-object encoding (Avro 1.12 specification, "Single-object encoding"): C3 01, the
 * CRC-64-AVRO fingerprint of the writer's schema, the value. Writers are known from the schema files of this release and
 * of all earlier ones, so data of an old version stays readable without a registry.
 */
import type { TopicName } from '@precede/contracts';
import type { Resolver } from 'avsc';
import {
  bodyAfter,
  decodeFramed,
  encodeFramed,
  readSchemas,
  resolverOf,
  type TopicSchemas,
  type Type,
  unreadable,
} from './avro-codec.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { AvroCodec } from './port.ts';

const headerBytes = 10;

interface TopicCodec {
  readonly current: Type;
  readonly header: Buffer;
  /** By the fingerprint's 64 bits, as they stand in the header. */
  readonly resolvers: ReadonlyMap<bigint, Resolver | undefined>;
}

/** A codec of all topics; reads the schema files. */
export const openEmbeddedCodec = async (): Promise<AvroCodec> => createEmbeddedCodec(await readSchemas());

export const createEmbeddedCodec = (schemas: ReadonlyMap<TopicName, TopicSchemas>): AvroCodec => {
  const topics = new Map([...schemas].map(([topic, s]) => [topic, topicCodec(s)]));
  const of = (topic: TopicName): TopicCodec => {
    const codec = topics.get(topic);
    if (codec === undefined) throw unreadable(topic, 'the topic has no schema');
    return codec;
  };
  return {
    encode(topic, value) {
      const { current, header } = of(topic);
      return encodeFramed(current, header, value);
    },
    prepare: () => Promise.resolve(),
    decode(topic, value) {
      const { current, resolvers } = of(topic);
      if (value.length < headerBytes || value.readUInt16BE(0) !== 0xc301)
        throw unreadable(topic, 'it does not begin with the mark of a single object');
      const writer = value.readBigUInt64LE(2);
      if (!resolvers.has(writer)) throw unreadable(topic, 'its writer schema is unknown');
      return decodeFramed(topic, current, resolvers.get(writer), value, headerBytes);
    },
    bodyOf: (topic, value) => bodyAfter(of(topic).header, value),
  };
};

const topicCodec = ({ current, released }: TopicSchemas): TopicCodec => {
  const resolvers = new Map<bigint, Resolver | undefined>();
  for (const writer of released) resolvers.set(fingerprintOf(writer), resolverOf(current, writer));
  resolvers.set(fingerprintOf(current), undefined);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(0xc301, 0);
  header.writeBigUInt64LE(fingerprintOf(current), 2);
  return { current, header, resolvers };
};
