/**
 * gRPC calls of the load generator on bare sockets: frames are written and read here, header blocks use the table that
 * both sides build with the first call, as a gateway's do. A lane is one call at a time on a shared connection.
 * It is no client for anything else: a message must come in one frame, trailers are not read.
 */
import type { Socket } from 'node:net';
import { dial, inParts, type Lanes, type OnAnswer, type OnFault } from './enforcer-peers-lanes.ts';

const Frame = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const;
const Flag = { ack: 1, endStream: 1, endHeaders: 4 } as const;
const frameHead = 9;
const grpcHead = 5;
const largestWindow = 2 ** 31 - 1;

const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(frameHead);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);

/** Enters path, authority, content-type and te into the table (RFC 7541, 6.2.1); they are 65 to 62 from then on. */
const firstBlock = (path: string): Buffer =>
  Buffer.concat([
    Buffer.from([0x83, 0x86, 0x44]),
    text(path),
    Buffer.from([0x41]),
    text('localhost'),
    Buffer.from([0x5f]),
    text('application/grpc'),
    Buffer.from([0x40]),
    text('te'),
    text('trailers'),
  ]);
const laterBlock = Buffer.from([0x83, 0x86, 0xc1, 0xc0, 0xbf, 0xbe]);

const greeting = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  // No pushes, and windows so large that only the connection's must be topped up.
  frame(Frame.settings, 0, 0, Buffer.from([0, 2, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff])),
  frame(Frame.windowUpdate, 0, 0, uint32(largestWindow - 65_535)),
]);

class GrpcConnection {
  readonly #path: string;
  readonly #onAnswer: OnAnswer;
  readonly #lanes = new Map<number, number>();
  #socket: Socket | undefined;
  #nextStream = 1;
  /** What is still to be written once the bytes read are dealt with. */
  #out: Buffer[] = [];
  #isReading = false;
  #received = 0;
  /** What the server lets us send. */
  #window = 65_535;

  constructor(path: string, onAnswer: OnAnswer) {
    this.#path = path;
    this.#onAnswer = onAnswer;
  }

  async open(port: number, onFault: OnFault): Promise<void> {
    const parts = inParts(
      (bytes, from) => (bytes.length < from + frameHead ? -1 : frameHead + bytes.readUIntBE(from, 3)),
      (part) => this.#onFrame(part),
    );
    const onBytes = (bytes: Buffer): void => {
      this.#isReading = true;
      parts(bytes);
      this.#isReading = false;
      this.#flush();
    };
    this.#socket = await dial(port, onBytes, onFault);
    this.#socket.write(greeting);
  }

  send(lane: number, message: Buffer): void {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.#lanes.set(stream, lane);
    const block = stream === 1 ? firstBlock(this.#path) : laterBlock;
    const length = grpcHead + message.length;
    const bytes = Buffer.allocUnsafe(frameHead + block.length + frameHead + length);
    let at = writeHead(bytes, 0, block.length, Frame.headers, Flag.endHeaders, stream);
    at += block.copy(bytes, at);
    at = writeHead(bytes, at, length, Frame.data, Flag.endStream, stream);
    bytes[at] = 0;
    bytes.writeUInt32BE(message.length, at + 1);
    message.copy(bytes, at + grpcHead);
    this.#window -= length;
    if (this.#window < 0) throw new Error('the server reads too slowly for its window');
    this.#write(bytes);
  }

  close(): void {
    this.#socket?.removeAllListeners('close').destroy();
  }

  #write(bytes: Buffer): void {
    this.#out.push(bytes);
    if (!this.#isReading) this.#flush();
  }

  #flush(): void {
    const [first, ...others] = this.#out;
    if (first === undefined) return;
    this.#socket?.write(others.length === 0 ? first : Buffer.concat(this.#out));
    this.#out = [];
  }

  #onFrame(part: Buffer): void {
    const type = part[3];
    const flags = part[4] ?? 0;
    const stream = part.readUInt32BE(5);
    const payload = part.subarray(frameHead);
    switch (type) {
      case Frame.data:
        this.#topUp(payload.length);
        if (payload.length > 0) this.#onData(stream, payload);
        break;
      case Frame.headers:
        if ((flags & Flag.endStream) !== 0 && this.#lanes.has(stream))
          throw new Error('a call that ended without a message');
        break;
      case Frame.settings:
        if ((flags & Flag.ack) === 0) this.#write(frame(Frame.settings, Flag.ack, 0, Buffer.alloc(0)));
        break;
      case Frame.ping:
        if ((flags & Flag.ack) === 0) this.#write(frame(Frame.ping, Flag.ack, 0, Buffer.from(payload)));
        break;
      case Frame.windowUpdate:
        if (stream === 0) this.#window += payload.readUInt32BE(0);
        break;
      case Frame.reset:
      case Frame.goaway:
        throw new Error(
          `the server ends ${type === Frame.reset ? 'a call' : 'the connection'}: ${payload.toString('hex')}`,
        );
      default:
        break;
    }
  }

  /** A call counts as answered with its message; the trailers follow in the same write. */
  #onData(stream: number, payload: Buffer): void {
    const lane = this.#lanes.get(stream);
    if (lane === undefined) throw new Error('an answer to no call');
    if (payload.length !== grpcHead + payload.readUInt32BE(1)) throw new Error('a message in several frames');
    this.#lanes.delete(stream);
    this.#onAnswer(lane, payload.subarray(grpcHead));
  }

  #topUp(bytes: number): void {
    this.#received += bytes;
    if (this.#received < 2 ** 24) return;
    this.#write(frame(Frame.windowUpdate, 0, 0, uint32(this.#received)));
    this.#received = 0;
  }
}

const writeHead = (
  bytes: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number => {
  bytes.writeUIntBE(length, at, 3);
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes.writeUInt32BE(stream, at + 5);
  return at + frameHead;
};

/** Lanes are spread over the connections as a gateway spreads calls over its workers'. */
export const openGrpc = async (
  { port, path, connections }: { readonly port: number; readonly path: string; readonly connections: number },
  onAnswer: OnAnswer,
  onFault: OnFault,
): Promise<Lanes> => {
  const all = Array.from({ length: connections }, () => new GrpcConnection(path, onAnswer));
  await Promise.all(all.map((each) => each.open(port, onFault)));
  return {
    send: (lane, message) => all[lane % connections]?.send(lane, message),
    close: () => {
      for (const each of all) each.close();
    },
  };
};
