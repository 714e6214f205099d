/**
 * Connections of the load generator, on bare sockets: a client of Node's own would cost more than the servers measured.
 * A lane carries one question at a time: over HTTP it is a connection; over gRPC see enforcer-peers-h2.ts.
 */
import { connect, type Socket } from 'node:net';

export interface Lanes {
  send(lane: number, message: Buffer): void;
  close(): void;
}

/** Is told each answer: an HTTP answer whole, or a gRPC message. The bytes are good until it returns. */
export type OnAnswer = (lane: number, answer: Buffer) => void;

export type OnFault = (fault: Error) => void;

const readBytes = 65_536;

export const dial = (port: number, onBytes: (bytes: Buffer) => void, onFault: OnFault): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const guarded = (bytes: Buffer): void => {
      try {
        onBytes(bytes);
      } catch (fault) {
        onFault(fault instanceof Error ? fault : new Error(String(fault)));
      }
    };
    const socket = connect({
      ...{ port, host: '127.0.0.1', noDelay: true },
      onread: {
        buffer: Buffer.allocUnsafe(readBytes),
        callback: (count, buffer) => {
          guarded(Buffer.from(buffer.buffer, buffer.byteOffset, count));
          return true;
        },
      },
    });
    socket.once('connect', () => resolve(socket));
    socket.on('error', (fault) => {
      reject(fault);
      onFault(fault);
    });
    socket.on('close', () => onFault(new Error('the server closed a connection')));
  });

/** Keeps what a read left unfinished; gives whole parts to `part`, which says how long the one at `from` is, or -1. */
export const inParts = (
  lengthAt: (bytes: Buffer, from: number) => number,
  onPart: (part: Buffer) => void,
) => {
  let rest: Buffer | undefined;
  return (read: Buffer): void => {
    const bytes = rest === undefined ? read : Buffer.concat([rest, read]);
    let from = 0;
    for (;;) {
      const length = lengthAt(bytes, from);
      if (length === -1 || from + length > bytes.length) break;
      onPart(bytes.subarray(from, from + length));
      from += length;
    }
    rest = from === bytes.length ? undefined : Buffer.from(bytes.subarray(from));
  };
};

const headEnd = Buffer.from('\r\n\r\n');

const httpLengthAt = (bytes: Buffer, from: number): number => {
  const end = bytes.indexOf(headEnd, from);
  if (end === -1) return -1;
  const length = /content-length: (\d+)/i.exec(bytes.toString('latin1', from, end))?.[1];
  if (length === undefined) throw new Error(`no content-length: ${bytes.toString('latin1', from, end)}`);
  return end + headEnd.length + Number(length) - from;
};

export const openHttp = async (
  port: number,
  lanes: number,
  onAnswer: OnAnswer,
  onFault: OnFault,
): Promise<Lanes> => {
  const sockets = await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      dial(
        port,
        inParts(httpLengthAt, (answer) => onAnswer(lane, answer)),
        onFault,
      ),
    ),
  );
  return {
    send: (lane, message) => void sockets[lane]?.write(message),
    close: () => {
      for (const each of sockets) each.removeAllListeners('close').destroy();
    },
  };
};
