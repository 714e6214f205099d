/**
 * Confluent framing: a zero byte, the registry's id of the writer's schema (int32), the Avro binary form.
 * The registry is asked when topics are ensured and when an id is met for the first time, never after that.
 */

import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { ConfigError, ErrorCode, type TopicName, tlsFault, UnavailableError } from '@precede/contracts';
import type { Resolver } from 'avsc';
import {
  bodyAfter,
  decodeFramed,
  encodeFramed,
  parseType,
  readSchemas,
  resolverOf,
  type TopicSchemas,
  type Type,
  unreadable,
} from './avro-codec.ts';
import type { KafkaLogOptions, KafkaObserver } from './kafka-options.ts';
import { type SetUpFinding, SetUpState } from './kafka-set-up.ts';
import type { AvroCodec } from './port.ts';
import { timed } from './timed.ts';

const headerLength = 5;
// An id that the registry does not know is not asked for again before this.
const unknownForMs = 60_000;

interface Writer {
  readonly type: Type;
  readonly resolver: Resolver | undefined;
}

export class RegistryCodec implements AvroCodec {
  readonly #registry: SchemaRegistry;
  readonly #prefix: string;
  readonly #observer: KafkaObserver | undefined;
  readonly #schemas: ReadonlyMap<TopicName, TopicSchemas>;
  readonly #headers = new Map<TopicName, Buffer>();
  readonly #types = new Map<number, Type>();
  readonly #writers = new Map<TopicName, Map<number, Writer>>();
  readonly #unknownSince = new Map<number, number>();

  private constructor(options: KafkaLogOptions, schemas: ReadonlyMap<TopicName, TopicSchemas>) {
    this.#prefix = options.topicPrefix;
    this.#observer = options.observer;
    this.#schemas = schemas;
    this.#registry = new SchemaRegistry({
      host: options.registryUrl.replace(/\/$/, ''),
      clientId: options.clientId,
      ...(options.registryAuth === undefined ? {} : { auth: options.registryAuth }),
      ...(options.registryUrl.startsWith('https:') ? { agent: new Agent(options.registryTls) } : {}),
      retry: { retries: 2, initialRetryTimeInSecs: 0.1, maxRetryTimeInSecs: 1 },
    });
  }

  static async open(options: KafkaLogOptions): Promise<RegistryCodec> {
    return new RegistryCodec(options, await readSchemas());
  }

  /**
   * Registers what this version writes where that is wanted, and says of each subject what it found. Throws ConfigError
   * where an older reader could not read it.
   */
  async setUp(topics: readonly TopicName[], mayRegister: boolean): Promise<SetUpFinding[]> {
    const findings: SetUpFinding[] = [];
    for (const topic of topics) findings.push(await this.#setUp(topic, mayRegister));
    return findings;
  }

  encode(topic: TopicName, value: unknown): Buffer {
    const header = this.#headers.get(topic);
    if (header === undefined)
      throw new UnavailableError(ErrorCode.logUnavailable, `The schema of ${topic} is not registered yet.`);
    return encodeFramed(this.#schemasOf(topic).current, header, value);
  }

  async prepare(_topic: TopicName, values: readonly (Buffer | null)[]): Promise<void> {
    const missing = new Set<number>();
    for (const value of values) {
      const id = value === null ? undefined : idOf(value);
      if (id !== undefined && !this.#types.has(id) && !this.#isUnknown(id)) missing.add(id);
    }
    for (const id of missing) await this.#load(id);
  }

  decode(topic: TopicName, value: Buffer): unknown {
    const id = idOf(value);
    if (id === undefined) throw unreadable(topic, 'it does not name a schema');
    const { resolver, type } = this.#writer(topic, id);
    return decodeFramed(topic, type, resolver, value, headerLength);
  }

  bodyOf(topic: TopicName, value: Buffer): number {
    const header = this.#headers.get(topic);
    return header === undefined ? -1 : bodyAfter(header, value);
  }

  async #setUp(topic: TopicName, mayRegister: boolean): Promise<SetUpFinding> {
    const { text } = this.#schemasOf(topic);
    const name = `${this.#prefix}${topic}-value`;
    const finding = (state: SetUpState): SetUpFinding => ({ kind: 'schema', name, state });
    if (this.#headers.has(topic)) return finding(SetUpState.present);
    try {
      const known = await this.#idOf(name, text);
      if (known === undefined && !mayRegister) return finding(SetUpState.missing);
      this.#keep(topic, mayRegister ? await this.#registerPatiently(name, text) : (known as number));
      return finding(known === undefined ? SetUpState.made : SetUpState.present);
    } catch (error) {
      throw registryError(error, `register ${name}`);
    }
  }

  #keep(topic: TopicName, id: number): void {
    const header = Buffer.alloc(headerLength);
    header.writeInt32BE(id, 1);
    this.#types.set(id, this.#schemasOf(topic).current);
    this.#headers.set(topic, header);
  }

  /** The id under which the subject has this very schema, as any of its versions. */
  async #idOf(subject: string, schema: string): Promise<number | undefined> {
    try {
      return await this.#registry.getRegistryIdBySchema(subject, { type: SchemaType.AVRO, schema });
    } catch (error) {
      // The client gives its own error no status where the registry answers 404.
      const { status, name } = error as { status?: number; name?: string };
      if (status === 404 || name === 'ConfluentSchemaRegistryError') return undefined;
      throw error;
    }
  }

  /**
   * Registering a subject and setting its compatibility are two calls: of processes that start together, one may see a
   * subject whose rule another has not set yet, or find the rule there as it sets it. Moments later both are as they should be.
   */
  async #registerPatiently(subject: string, schema: string): Promise<number> {
    const options = { subject, compatibility: COMPATIBILITY.BACKWARD };
    for (let attempt = 1; ; attempt += 1)
      try {
        return (await this.#timed(() => this.#registry.register({ type: SchemaType.AVRO, schema }, options)))
          .id;
      } catch (error) {
        if (attempt >= raceAttempts || !isRace(error)) throw error;
        await sleep(100 + 200 * Math.random());
      }
  }

  async #load(id: number): Promise<void> {
    try {
      const schema = (await this.#timed(() => this.#registry.getSchema(id))) as unknown as Type;
      // Through our own parser: its types do not believe lengths that the bytes cannot hold.
      this.#types.set(id, parseType(schema.schema({ exportAttrs: true })));
    } catch (error) {
      if ((error as { status?: number }).status !== 404) throw registryError(error, `read schema ${id}`);
      this.#unknownSince.set(id, Date.now());
    }
  }

  #timed<T>(ask: () => Promise<T>): Promise<T> {
    return timed((outcome, seconds) => this.#observer?.called('schema', outcome, seconds), ask);
  }

  #isUnknown(id: number): boolean {
    const since = this.#unknownSince.get(id);
    return since !== undefined && Date.now() - since < unknownForMs;
  }

  #writer(topic: TopicName, id: number): Writer {
    let ofTopic = this.#writers.get(topic);
    if (ofTopic === undefined) {
      ofTopic = new Map();
      this.#writers.set(topic, ofTopic);
    }
    const known = ofTopic.get(id);
    if (known !== undefined) return known;
    const type = this.#types.get(id);
    if (type === undefined) throw unreadable(topic, `its schema ${id} is not known`);
    const reader = this.#schemasOf(topic).current;
    const writer = { type: reader, resolver: this.#resolver(topic, reader, type) };
    ofTopic.set(id, writer);
    return writer;
  }

  #resolver(topic: TopicName, reader: Type, writer: Type): Resolver | undefined {
    try {
      return resolverOf(reader, writer);
    } catch (error) {
      throw unreadable(topic, 'its schema is not one of the topic', error);
    }
  }

  #schemasOf(topic: TopicName): TopicSchemas {
    return this.#schemas.get(topic) as TopicSchemas;
  }
}

const idOf = (value: Buffer): number | undefined =>
  value.length > headerLength && value[0] === 0 ? value.readInt32BE(1) : undefined;

const raceAttempts = 30;

const isRace = (error: unknown): boolean => {
  const { message, name } = error as { message?: string; name?: string };
  return name === 'ConfluentSchemaRegistryCompatibilityError' || /already exists/i.test(message ?? '');
};

// Not authenticated, not allowed, incompatible, no schema. The client says 400 also where nobody answered.
const finalStatuses = new Set([401, 403, 409, 422]);

/** Answers of the registry that trying again will not change are faults of configuration. */
const registryError = (error: unknown, action: string): Error => {
  const { status, message, name } = error as { status?: number; message?: string; name?: string };
  const why = `${action}: ${message ?? String(error)}`;
  const tls = tlsFault(error, { who: 'The schema registry', part: 'SCHEMA_REGISTRY' });
  if (tls !== undefined) return new ConfigError([`${tls} (${why}).`]);
  if (status === 401)
    return new ConfigError([
      `The schema registry refuses the credentials: look at PRECEDE_SCHEMA_REGISTRY_USERNAME and PRECEDE_SCHEMA_REGISTRY_PASSWORD (${why}).`,
    ]);
  if (finalStatuses.has(status ?? 0) || name === 'ConfluentSchemaRegistryCompatibilityError')
    return new ConfigError([`The schema registry refuses (${why}).`]);
  return new UnavailableError(
    ErrorCode.logUnavailable,
    `The schema registry is unavailable (${why}).`,
    error,
  );
};
