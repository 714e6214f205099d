/**
 * Opens what a person names: a plain file, gzip, tar, tar.gz or `-` for stdin, told by content and not by name.
 * Yields the files inside as byte streams; a damaged archive ends in an InputError that names file and fault.
 */
import { createReadStream } from 'node:fs';
import type { PassThrough, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError } from '@precede/contracts';
import { extract } from 'tar-stream';

export interface InputFile {
  readonly name: string;
  readonly bytes: AsyncIterable<Buffer>;
}

/** Sees every raw byte read, for the digest and the progress bar. */
export type OnBytes = (chunk: Buffer) => void;

export async function* openInput(path: string, onBytes: OnBytes): AsyncGenerator<InputFile> {
  const source = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 18 });
  const files = expand({ name: path === '-' ? 'stdin' : path, bytes: counted(source, onBytes) }, 0);
  for await (const file of explained(files, path))
    yield { name: file.name, bytes: explained(file.bytes, path) };
}

/** The reader of a file meets its damage while reading, not while opening: both say it in the same words. */
async function* explained<T>(items: AsyncIterable<T>, path: string): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw explain(error, path);
  }
}

async function* counted(source: Readable, onBytes: OnBytes): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    onBytes(chunk);
    yield chunk;
  }
}

/** gzip inside tar inside gzip is as deep as real logs go. */
const maxDepth = 3;

async function* expand(file: InputFile, depth: number): AsyncGenerator<InputFile> {
  const { head, bytes } = await peek(file.bytes, 512);
  if (depth < maxDepth && head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b)
    yield* expand({ name: file.name, bytes: gunzip(bytes) }, depth + 1);
  else if (depth < maxDepth && head.length >= 262 && head.toString('latin1', 257, 262) === 'ustar')
    yield* entries(bytes, depth + 1);
  else yield { name: file.name, bytes };
}

/** Reads at least `length` bytes ahead (fewer where the stream is shorter) and gives the stream back whole. */
const peek = async (
  bytes: AsyncIterable<Buffer>,
  length: number,
): Promise<{ head: Buffer; bytes: AsyncIterable<Buffer> }> => {
  const iterator = bytes[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  for (let size = 0; size < length; ) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  const head = Buffer.concat(chunks);
  const rest = async function* (): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  };
  return { head, bytes: rest() };
};

async function* gunzip(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const stream = createGunzip();
  const feeding = pump(bytes, stream);
  yield* stream as AsyncIterable<Buffer>;
  await feeding;
}

/** Writes with back-pressure; a fault of the source becomes a fault of the stream. */
const pump = async (
  bytes: AsyncIterable<Buffer>,
  into: NodeJS.WritableStream & { destroy(e: Error): void },
): Promise<void> => {
  try {
    for await (const chunk of bytes)
      if (!into.write(chunk)) await new Promise<void>((resolve) => drained(into, resolve));
    into.end();
  } catch (error) {
    into.destroy(error as Error);
  }
};

const drained = (stream: NodeJS.WritableStream, resolve: () => void): void => {
  const done = (): void => {
    for (const event of ['drain', 'close', 'error']) stream.removeListener(event, done);
    resolve();
  };
  for (const event of ['drain', 'close', 'error']) stream.once(event, done);
};

async function* entries(bytes: AsyncIterable<Buffer>, depth: number): AsyncGenerator<InputFile> {
  const tar = extract();
  const feeding = pump(bytes, tar as unknown as PassThrough);
  for await (const entry of tar) {
    const isFile = entry.header.type === 'file' || entry.header.type === 'contiguous-file';
    if (isFile)
      yield* expand({ name: entry.header.name, bytes: entry as unknown as AsyncIterable<Buffer> }, depth);
    entry.resume();
  }
  await feeding;
}

const explain = (error: unknown, path: string): unknown => {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const name = path === '-' ? 'stdin' : path;
  if (code === 'ENOENT') return new InputError('/file', `${name}: no such file`);
  if (code === 'EISDIR') return new InputError('/file', `${name}: is a directory, name the files in it`);
  if (code === 'EACCES') return new InputError('/file', `${name}: may not be read`);
  if (code === 'Z_BUF_ERROR')
    return new InputError(
      '/file',
      `${name}: the gzip data ends too early, the file is cut off; nothing was sent`,
    );
  if (code.startsWith('Z_'))
    return new InputError(
      '/file',
      `${name}: damaged gzip data (${(error as Error).message}); nothing was sent`,
    );
  if (/Unexpected end of data|Invalid tar header/.test((error as Error).message ?? ''))
    return new InputError(
      '/file',
      `${name}: damaged tar archive (${(error as Error).message}); nothing was sent`,
    );
  return error;
};
