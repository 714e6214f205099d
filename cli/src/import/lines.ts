/** Splits bytes into lines with bounded memory: what is too long is named and passed over, not held. */
import { isUtf8 } from 'node:buffer';

export const maxLineBytes = 1024 * 1024;

export type Line = { readonly text: string } | { readonly refused: string };

export async function* readLines(bytes: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const last = chunk.subarray(start, end);
      size += last.length;
      if (size <= maxLineBytes) pending.push(last);
      yield* finish(pending, size);
      size = 0;
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    size += rest.length;
    if (size <= maxLineBytes) pending.push(rest);
    else pending.length = 0;
  }
  if (size > 0) yield* finish(pending, size);
}

function* finish(pending: Buffer[], size: number): Generator<Line> {
  const bytes = pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending);
  pending.length = 0;
  if (size > maxLineBytes) {
    yield { refused: `a line is longer than ${maxLineBytes} bytes` };
    return;
  }
  const trimmed = bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes;
  if (trimmed.length === 0) return;
  yield isUtf8(trimmed) ? { text: trimmed.toString('utf8') } : { refused: 'not UTF-8' };
}
