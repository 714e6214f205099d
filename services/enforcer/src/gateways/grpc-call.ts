/**
 * One unary call on one HTTP/2 stream: message in, message out, status at the end. Framing as gRPC has it: a byte that
 * says whether the message is compressed, its length (4 bytes, big-endian), the message.
 */

import type { ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { Soon } from '@precede/service';
import { encodeMessage, GrpcError, GrpcStatus } from './grpc-status.ts';

const prefixBytes = 5;
const none = Buffer.alloc(0);

const answerHeaders = { ':status': 200, 'content-type': 'application/grpc' };
const okTrailers = { 'grpc-status': '0' };
const finish = function (this: ServerHttp2Stream): void {
  this.sendTrailers(okTrailers);
};

export interface CallOptions {
  readonly stream: ServerHttp2Stream;
  /** Infinity: the client waits for ever. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** The answer where there are more; null: a status. */
  readonly tooLarge: Buffer | null;
  /** Given the message; throws or rejects where there is no answer. */
  readonly answer: (message: Buffer, elapsedMs: () => number) => Soon<Buffer>;
  /** Errors of any kind, as the status they become. */
  readonly translate: (error: unknown) => GrpcError;
  readonly onFault: (elapsedMs: number) => void;
  readonly onEnd: (call: GrpcCall) => void;
}

export class GrpcCall {
  readonly #options: CallOptions;
  readonly startedMs = performance.now();
  #received: Buffer = none;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: CallOptions) {
    this.#options = options;
    const { stream } = options;
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('end', () => this.#run());
    stream.on('close', () => this.#over());
  }

  /** Ends the call without an answer: the status alone, and no more of the request. */
  fail({ status, message }: GrpcError): void {
    const { stream } = this.#options;
    if (this.#isOver) return;
    this.#over();
    this.#options.onFault(this.#elapsedMs());
    if (stream.destroyed || stream.headersSent) return;
    stream.respond(
      { ...answerHeaders, 'grpc-status': String(status), 'grpc-message': encodeMessage(message) },
      { endStream: true },
    );
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #take(chunk: Buffer): void {
    const { maxBytes, tooLarge } = this.#options;
    if (this.#isOver) return;
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const announced = this.#received.length < prefixBytes ? 0 : this.#received.readUInt32BE(1);
    if (announced <= maxBytes && this.#received.length <= maxBytes + prefixBytes) return;
    if (tooLarge !== null) this.#send(tooLarge);
    else this.fail(new GrpcError(GrpcStatus.resourceExhausted, `a message may have ${maxBytes} bytes`));
  }

  #run(): void {
    if (this.#isOver) return;
    const { answer, translate } = this.#options;
    try {
      const answered = answer(messageIn(this.#received), this.#elapsedMs);
      if (answered instanceof Promise) this.#await(answered);
      else this.#send(answered);
    } catch (error) {
      this.fail(translate(error));
    }
  }

  readonly #elapsedMs = (): number => performance.now() - this.startedMs;

  /** Only an answer that waits needs a timer: any other is there before one could fire. */
  #await(answered: Promise<Buffer>): void {
    answered.then(
      (message) => this.#send(message),
      (error: unknown) => this.fail(this.#options.translate(error)),
    );
    const leftMs = this.#options.timeoutMs - this.#elapsedMs();
    if (leftMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.fail(tooLate()), Math.max(0, leftMs));
  }

  #send(message: Buffer): void {
    if (this.#isOver) return;
    if (this.#elapsedMs() > this.#options.timeoutMs) {
      this.fail(tooLate());
      return;
    }
    this.#over();
    const { stream } = this.#options;
    if (stream.destroyed) return;
    stream.respond(answerHeaders, { waitForTrailers: true });
    stream.on('wantTrailers', finish);
    stream.end(framed(message));
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#received = none;
    this.#options.onEnd(this);
  }
}

const tooLate = (): GrpcError =>
  new GrpcError(GrpcStatus.deadlineExceeded, 'the deadline of the caller passed');

/** The only message of a request. */
const messageIn = (received: Buffer): Buffer => {
  if (received.length < prefixBytes || received.readUInt32BE(1) !== received.length - prefixBytes)
    throw new GrpcError(GrpcStatus.invalidArgument, 'a unary call has one whole message');
  if (received[0] !== 0)
    throw new GrpcError(GrpcStatus.unimplemented, 'compressed messages are not supported; send identity');
  return received.subarray(prefixBytes);
};

const framed = (message: Buffer): Buffer => {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, prefixBytes);
  return frame;
};
