/**
 * Kafka brokers in this process, as far as readers and plain producers ask them: ApiVersions 0, Metadata 6,
 * ListOffsets 2, Fetch 4, InitProducerId 3 and Produce 3 for one topic. Tests move leaders, refuse partitions, cut logs
 * and stop nodes, and see every fetch. Numbers of producers are checked as brokers do. No replication, no groups.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Topic } from '@precede/contracts';
import { createDecoder, createEncoder, type Decoder, type Encoder } from './kafka-client.ts';
import { readFetched } from './kafka-fetched.ts';
import { type KafkaAccess, silent } from './kafka-options.ts';
import { encodeRecordBatch } from './kafka-record-batch.ts';
import { batchesOf } from './kafka-record-set.ts';
import { Sockets } from './kafka-sockets.ts';

export const fakeTopic = Topic.requests;
const prefix = 'fake.';

// As over a network: what goes wrong while links are made shows only then.
const connectMs = 4;

const fault = {
  offsetOutOfRange: 1,
  leaderNotAvailable: 5,
  notLeader: 6,
  outOfOrderSequenceNumber: 45,
  duplicateSequenceNumber: 46,
} as const;

interface Batch {
  readonly first: number;
  readonly next: number;
  readonly bytes: Buffer;
}

interface Partition {
  /** Node id, or -1 for none. */
  leader: number;
  first: number;
  end: number;
  batches: Batch[];
  /** The error code of every fetch; 0 is none. */
  refusal: number;
  /** The same for what is asked of its offsets, and for what is to be written. */
  offsetsRefusal: number;
  writesRefusal: number;
  /** The sequence number that comes next, by producer id. */
  readonly sequences: Map<bigint, number>;
}

interface Node {
  readonly id: number;
  readonly server: Server;
  readonly sockets: Set<Socket>;
  port: number;
  connects: number;
  /** Takes requests and answers none. */
  isMute: boolean;
}

export interface SeenFetch {
  readonly node: number;
  readonly partitions: readonly number[];
}

interface Asked {
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
}

/** One that ends meanwhile fails, as a handshake does. */
const connectSlowly = (host: string, port: number, onConnect: () => void): Socket => {
  let isReady = false;
  const socket = connect({ host, port }, () =>
    setTimeout(() => {
      if (socket.destroyed) return;
      isReady = true;
      onConnect();
    }, connectMs),
  );
  socket.once('end', () => {
    if (!isReady) socket.destroy(new Error('The connection ended before it was made.'));
  });
  return socket;
};

/** One batch of records with these values, as a broker keeps it. */
export const plainBatch = (values: readonly (string | Buffer)[]): Buffer =>
  encodeRecordBatch(
    values.map((value) => ({ key: Buffer.from('k'), value: Buffer.from(value) })),
    { producerId: -1n, producerEpoch: -1, firstSequence: -1, isTransactional: false },
    7,
  );

export class FakeKafka {
  readonly fetches: SeenFetch[] = [];
  readonly #partitions: readonly Partition[];
  readonly #nodes: Node[] = [];
  readonly #sockets = new Sockets(({ host, port, onConnect }) => connectSlowly(host, port, onConnect));
  #parked: (() => void)[] = [];
  #producerIds = 0;

  private constructor(leaders: readonly number[]) {
    this.#partitions = leaders.map((leader) => ({
      leader,
      first: 0,
      end: 0,
      batches: [],
      refusal: 0,
      offsetsRefusal: 0,
      writesRefusal: 0,
      sequences: new Map(),
    }));
  }

  /** Nodes 1 to `nodes`, and a partition for each leader. */
  static async open(nodes: number, leaders: readonly number[]): Promise<FakeKafka> {
    const fake = new FakeKafka(leaders);
    for (let id = 1; id <= nodes; id += 1) await fake.#add(id);
    return fake;
  }

  get access(): KafkaAccess {
    return {
      brokers: this.#nodes.map(({ port }) => `127.0.0.1:${port}`),
      clientId: 'precede-test',
      topicPrefix: prefix,
      registryUrl: 'http://127.0.0.1:1',
      partitions: this.#partitions.length,
      replicationFactor: 1,
      sockets: this.#sockets,
      logger: silent,
    };
  }

  /** Open connections, of both sides still there. */
  get connections(): number {
    return this.#nodes.reduce((sum, { sockets }) => sum + sockets.size, 0);
  }

  /** How many connections were made to the node. */
  connects(id: number): number {
    return this.#node(id).connects;
  }

  append(partition: number, ...values: (string | Buffer)[]): void {
    this.appendBatch(partition, plainBatch(values), values.length);
  }

  appendBatch(partition: number, bytes: Buffer, count: number): void {
    const log = this.#partition(partition);
    bytes.writeBigInt64BE(BigInt(log.end), 0);
    log.batches.push({ first: log.end, next: log.end + count, bytes });
    log.end += count;
    this.#wake();
  }

  /** The log ends there now, as after an unclean election; whole batches only. */
  cutEnd(partition: number, end: number): void {
    const log = this.#partition(partition);
    log.batches = log.batches.filter(({ next }) => next <= end);
    log.end = end;
    this.#wake();
  }

  /** The log begins there now, as by retention; whole batches only. */
  cutFront(partition: number, first: number): void {
    const log = this.#partition(partition);
    log.batches = log.batches.filter((batch) => batch.first >= first);
    log.first = first;
    this.#wake();
  }

  move(partition: number, leader: number): void {
    this.#partition(partition).leader = leader;
    this.#wake();
  }

  /** Every fetch of it is answered with that code from now on. */
  refuse(partition: number, code: number): void {
    this.#partition(partition).refusal = code;
    this.#wake();
  }

  refuseOffsets(partition: number, code: number): void {
    this.#partition(partition).offsetsRefusal = code;
  }

  refuseWrites(partition: number, code: number): void {
    this.#partition(partition).writesRefusal = code;
  }

  /** Values of the partition's records. */
  values(partition: number): string[] {
    const { batches } = this.#partition(partition);
    const answer = { partition, highWatermark: 0, lastStableOffset: 0, aborted: [] };
    return batches
      .flatMap(({ bytes }) => readFetched(fakeTopic, 0, { ...answer, recordSet: bytes }).read())
      .map(({ value }) => value?.toString() ?? '');
  }

  mute(id: number, isMute: boolean): void {
    this.#node(id).isMute = isMute;
  }

  /** Ends the node's connections and takes no new ones. */
  stop(id: number): void {
    const { server, sockets } = this.#node(id);
    server.close();
    for (const socket of sockets) socket.destroy();
  }

  restart(id: number): Promise<void> {
    return this.#listen(this.#node(id));
  }

  close(): void {
    this.#sockets.close();
    for (const { id } of this.#nodes) this.stop(id);
    this.#wake();
  }

  async #add(id: number): Promise<void> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      node.connects += 1;
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => {});
      this.#serve(node, socket);
    });
    const node: Node = { id, server, sockets, port: 0, connects: 0, isMute: false };
    this.#nodes.push(node);
    await this.#listen(node);
  }

  async #listen(node: Node): Promise<void> {
    await new Promise<void>((resolve) => node.server.listen(node.port, '127.0.0.1', resolve));
    const address = node.server.address();
    if (typeof address === 'object' && address !== null) node.port = address.port;
  }

  #serve(node: Node, socket: Socket): void {
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const end = 4 + rest.readInt32BE(0);
        void this.#answer(node, socket, createDecoder(rest.subarray(4, end)));
        rest = rest.subarray(end);
      }
    });
  }

  async #answer(node: Node, socket: Socket, request: Decoder): Promise<void> {
    const apiKey = request.readInt16();
    request.readInt16();
    const correlationId = request.readInt32();
    request.readString();
    const { buffer } = await this.#bodyOf(node, apiKey, request);
    if (node.isMute || socket.destroyed) return;
    const head = Buffer.alloc(8);
    head.writeInt32BE(buffer.length + 4, 0);
    head.writeInt32BE(correlationId, 4);
    socket.write(Buffer.concat([head, buffer]));
  }

  #bodyOf(node: Node, apiKey: number, request: Decoder): Encoder | Promise<Encoder> {
    if (apiKey === 18) return apiVersions();
    if (apiKey === 3) return this.#metadata();
    if (apiKey === 2) return this.#offsets(node, request);
    if (apiKey === 1) return this.#fetch(node, request);
    if (apiKey === 0) return this.#produce(node, request);
    if (apiKey === 22) return this.#initProducerId();
    throw new Error(`The fake does not know API ${apiKey}.`);
  }

  #metadata(): Encoder {
    const living = this.#nodes.filter(({ server }) => server.listening);
    const body = createEncoder().writeInt32(0).writeInt32(living.length);
    for (const { id, port } of living)
      body.writeInt32(id).writeString('127.0.0.1').writeInt32(port).writeString(null);
    body.writeString('fake').writeInt32(1);
    body
      .writeInt32(1)
      .writeInt16(0)
      .writeString(prefix + fakeTopic)
      .writeBoolean(false);
    body.writeInt32(this.#partitions.length);
    for (const [partition, { leader }] of this.#partitions.entries())
      body
        .writeInt16(leader < 0 ? fault.leaderNotAvailable : 0)
        .writeInt32(partition)
        .writeInt32(leader)
        .writeInt32(0)
        .writeInt32(0)
        .writeInt32(0);
    return body;
  }

  #offsets(node: Node, request: Decoder): Encoder {
    request.readInt32();
    request.readBytes(1);
    request.readInt32();
    request.readString();
    const count = request.readInt32();
    const body = createEncoder()
      .writeInt32(0)
      .writeInt32(1)
      .writeString(prefix + fakeTopic)
      .writeInt32(count);
    for (let left = count; left > 0; left -= 1) {
      const partition = request.readInt32();
      const isFirst = request.readInt64().toString() === '-2';
      const { leader, first, end, offsetsRefusal } = this.#partition(partition);
      body
        .writeInt32(partition)
        .writeInt16(leader === node.id ? offsetsRefusal : fault.notLeader)
        .writeInt64('-1')
        .writeInt64(String(isFirst ? first : end));
    }
    return body;
  }

  #initProducerId(): Encoder {
    this.#producerIds += 1;
    return createEncoder()
      .writeUVarInt(0)
      .writeInt32(0)
      .writeInt16(0)
      .writeInt64(String(this.#producerIds))
      .writeInt16(0)
      .writeUVarInt(0);
  }

  #produce(node: Node, request: Decoder): Encoder {
    request.readString();
    request.readInt16();
    request.readInt32();
    request.readInt32();
    request.readString();
    const count = request.readInt32();
    const body = createEncoder()
      .writeInt32(1)
      .writeString(prefix + fakeTopic)
      .writeInt32(count);
    for (let left = count; left > 0; left -= 1) {
      const partition = request.readInt32();
      const bytes = Buffer.from(request.readBytes(request.readInt32()) ?? []);
      body.writeInt32(partition).writeInt16(this.#write(node, partition, bytes));
      body.writeInt64('0').writeInt64('0');
    }
    return body.writeInt32(0);
  }

  #write(node: Node, partition: number, bytes: Buffer): number {
    const { leader, writesRefusal, sequences } = this.#partition(partition);
    if (leader !== node.id) return fault.notLeader;
    if (writesRefusal !== 0) return writesRefusal;
    const [head] = batchesOf(bytes);
    if (head === undefined) throw new Error('No whole batch was written.');
    const first = bytes.readInt32BE(53);
    const next = sequences.get(head.producerId) ?? 0;
    if (first + head.count <= next) return fault.duplicateSequenceNumber;
    if (first !== next) return fault.outOfOrderSequenceNumber;
    sequences.set(head.producerId, next + head.count);
    this.appendBatch(partition, bytes, head.count);
    return 0;
  }

  async #fetch(node: Node, request: Decoder): Promise<Encoder> {
    request.readInt32();
    const untilMs = performance.now() + request.readInt32();
    request.readInt32();
    const maxBytes = request.readInt32();
    request.readBytes(1);
    request.readInt32();
    request.readString();
    const asked: Asked[] = [];
    for (let left = request.readInt32(); left > 0; left -= 1) {
      const partition = request.readInt32();
      const offset = Number(request.readInt64().toString());
      asked.push({ partition, offset, maxBytes: request.readInt32() });
    }
    this.fetches.push({ node: node.id, partitions: asked.map(({ partition }) => partition) });
    for (;;) {
      const answer = this.#read(node, asked, maxBytes);
      const leftMs = untilMs - performance.now();
      if (answer.isDue || leftMs <= 0) return answer.body;
      await this.#changeWithin(leftMs);
    }
  }

  #read(node: Node, asked: readonly Asked[], maxBytes: number): { body: Encoder; isDue: boolean } {
    const body = createEncoder()
      .writeInt32(0)
      .writeInt32(1)
      .writeString(prefix + fakeTopic)
      .writeInt32(asked.length);
    let leftBytes = maxBytes;
    let isDue = false;
    for (const one of asked) {
      const { end } = this.#partition(one.partition);
      const code = this.#faultOf(node, one);
      const set = code === 0 ? this.#set(one, leftBytes, leftBytes === maxBytes) : Buffer.alloc(0);
      leftBytes -= set.length;
      isDue ||= code !== 0 || set.length > 0;
      body.writeInt32(one.partition).writeInt16(code).writeInt64(String(end)).writeInt64(String(end));
      body.writeInt32(0).writeInt32(set.length).writeBuffer(set);
    }
    return { body, isDue };
  }

  #faultOf(node: Node, { partition, offset }: Asked): number {
    const { leader, refusal, first, end } = this.#partition(partition);
    if (leader !== node.id) return fault.notLeader;
    if (refusal !== 0) return refusal;
    return offset < first || offset > end ? fault.offsetOutOfRange : 0;
  }

  /** As Kafka: cut where the bound is, but the first data of an answer holds at least one whole batch. */
  #set({ partition, offset, maxBytes }: Asked, leftBytes: number, isFirst: boolean): Buffer {
    const batches = this.#partition(partition).batches.filter(({ next }) => next > offset);
    const bound = Math.min(maxBytes, Math.max(leftBytes, 0));
    const least = batches[0]?.bytes.length ?? 0;
    if (least > bound && !isFirst) return Buffer.alloc(0);
    return Buffer.concat(batches.map(({ bytes }) => bytes)).subarray(0, Math.max(bound, least));
  }

  #changeWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#parked.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    for (const parked of this.#parked.splice(0)) parked();
  }

  #partition(partition: number): Partition {
    const found = this.#partitions[partition];
    if (found === undefined) throw new Error(`The fake has no partition ${partition}.`);
    return found;
  }

  #node(id: number): Node {
    const found = this.#nodes.find((node) => node.id === id);
    if (found === undefined) throw new Error(`The fake has no node ${id}.`);
    return found;
  }
}

const apiVersions = (): Encoder => {
  const versions = [
    [18, 0, 0],
    [3, 6, 6],
    [2, 2, 2],
    [1, 4, 4],
    [0, 3, 3],
    [22, 3, 3],
  ] as const;
  const body = createEncoder().writeInt16(0).writeInt32(versions.length);
  for (const [apiKey, from, to] of versions) body.writeInt16(apiKey).writeInt16(from).writeInt16(to);
  // Later versions of the question are answered as well: they end with how long to wait.
  return body.writeInt32(0);
};
