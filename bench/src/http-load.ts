/** Load for the HTTP benches: keep-alive connections that each send the next request when the answer is in. */
import { connect } from 'node:net';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** The n-th request of a connection, whole. */
  readonly requestOf: (connection: number, n: number) => Buffer;
  /** Throws for an answer that is wrong. */
  readonly check: (answer: string) => void;
}

const headEnd = '\r\n\r\n';

/** Whole answers at the front of the text: where the first one ends, or -1. */
const endOfAnswer = (text: string): number => {
  const head = text.indexOf(headEnd);
  if (head === -1) return -1;
  const length = /content-length: (\d+)/i.exec(text.slice(0, head))?.[1];
  if (length === undefined) throw new Error('an answer without content-length');
  const end = head + headEnd.length + Number(length);
  return text.length >= end ? end : -1;
};

const runConnection = (
  options: LoadOptions,
  index: number,
  untilMs: number,
  latencies: number[],
): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    let text = '';
    let n = 0;
    let sentMs = 0;
    const send = (): void => {
      sentMs = performance.now();
      socket.write(options.requestOf(index, n++));
    };
    socket.setEncoding('latin1');
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = endOfAnswer(text);
      if (end === -1) return;
      options.check(text.slice(0, end));
      text = text.slice(end);
      latencies.push(performance.now() - sentMs);
      if (performance.now() < untilMs) send();
      else socket.end();
    });
  });

export const runLoad = async (options: LoadOptions): Promise<LoadResult> => {
  const latencies: number[] = [];
  const startMs = performance.now();
  const untilMs = startMs + options.seconds * 1000;
  const all = Array.from({ length: options.connections }, (_, i) =>
    runConnection(options, i, untilMs, latencies),
  );
  await Promise.all(all);
  const seconds = (performance.now() - startMs) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  return { perSecond: latencies.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
};
