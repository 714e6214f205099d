/**
 * From the bytes of a request body to plain JSON text, whole or not at all: what cannot be decompressed to its end is
 * refused before any event of it is looked at. Memory is bounded by the limits given.
 */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { ErrorCode, InputError } from '@precede/contracts';

const inflaters = {
  gzip: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  'x-gzip': promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  deflate: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate),
  br: promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
} as const;
type Encoding = keyof typeof inflaters;

const isEncoding = (name: string): name is Encoding => Object.hasOwn(inflaters, name);

/** The Content-Encoding to undo; undefined: none. Throws InputError for one that is not known here. */
export const encodingOf = (header: string | undefined): Encoding | undefined => {
  const name = header?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return undefined;
  if (isEncoding(name)) return name;
  throw new InputError('', `content-encoding must be one of ${Object.keys(inflaters).join(', ')}, or none`);
};

/** Decompresses off the main thread; throws InputError for a broken, cut or too large body. */
export const decompress = async (body: Buffer, encoding: Encoding, maxBytes: number): Promise<Buffer> => {
  try {
    return await inflaters[encoding](body, { maxOutputLength: maxBytes });
  } catch (error) {
    throw inputErrorOf(error, encoding, maxBytes);
  }
};

const inputErrorOf = (error: unknown, encoding: Encoding, maxBytes: number): InputError => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ERR_BUFFER_TOO_LARGE')
    return new InputError(
      '',
      `the body is larger than ${maxBytes} bytes once decompressed; nothing of it was accepted`,
      ErrorCode.inputTooLarge,
    );
  const isCut = code === 'Z_BUF_ERROR';
  const what = isCut ? `the ${encoding} body stops before its end` : `the body is not valid ${encoding}`;
  return new InputError('', `${what}; nothing of it was accepted`);
};
