import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { openInput } from './input.ts';
import { maxLineBytes, readLines } from './lines.ts';

const dir = mkdtempSync(join(tmpdir(), 'precede-input-'));
after(() => rmSync(dir, { recursive: true }));

const write = (name: string, bytes: Buffer): string => {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return path;
};

const readAll = async (path: string): Promise<Record<string, string>> => {
  const files: Record<string, string> = {};
  for await (const file of openInput(path, () => {})) {
    const chunks: Buffer[] = [];
    for await (const chunk of file.bytes) chunks.push(chunk);
    files[file.name] = Buffer.concat(chunks).toString();
  }
  return files;
};

const tarOf = async (files: Readonly<Record<string, Buffer>>): Promise<Buffer> => {
  const tar = pack();
  for (const [name, bytes] of Object.entries(files)) tar.entry({ name }, bytes);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

test('opens plain, gzip, tar and gzip inside tar.gz by content', async () => {
  const tar = await tarOf({ 'a.log': Buffer.from('one'), 'b.log.gz': gzipSync('two') });

  assert.deepEqual(Object.values(await readAll(write('plain', Buffer.from('x')))), ['x']);
  assert.deepEqual(Object.values(await readAll(write('empty', Buffer.alloc(0)))), ['']);
  assert.deepEqual(Object.values(await readAll(write('zipped', gzipSync('y')))), ['y']);
  assert.deepEqual(await readAll(write('t.tar.gz', gzipSync(tar))), { 'a.log': 'one', 'b.log.gz': 'two' });
});

test('half a gzip ends in an error that names the file and says that nothing was sent', async () => {
  const path = write('half.gz', gzipSync(Buffer.alloc(100_000, 'abcdefg\n')).subarray(0, 100));

  await assert.rejects(
    readAll(path),
    /half\.gz: the gzip data ends too early, the file is cut off; nothing was sent/,
  );
});

test('a missing file and a directory are named', async () => {
  await assert.rejects(readAll(join(dir, 'nowhere')), /nowhere: no such file/);
  await assert.rejects(readAll(dir), /is a directory/);
});

const linesOf = async (...chunks: Buffer[]): Promise<string[]> => {
  const lines: string[] = [];
  async function* bytes(): AsyncGenerator<Buffer> {
    yield* chunks;
  }
  for await (const line of readLines(bytes())) lines.push('text' in line ? line.text : `! ${line.refused}`);
  return lines;
};

test('lines may be split anywhere and end in LF, CRLF or nothing', async () => {
  assert.deepEqual(await linesOf(Buffer.from('a\r\nb'), Buffer.from('c\n\n'), Buffer.from('d')), [
    'a',
    'bc',
    'd',
  ]);
});

test('a line of 100 MiB is refused with bounded memory, and what follows is read', async () => {
  const big = Buffer.alloc(1024 * 1024, 'x');

  const lines = await linesOf(
    Buffer.from('a\n'),
    ...Array.from({ length: 100 }, () => big),
    Buffer.from('\nb\n'),
  );

  assert.deepEqual(lines, ['a', `! a line is longer than ${maxLineBytes} bytes`, 'b']);
});

test('bytes that are not UTF-8 are refused, not replaced', async () => {
  assert.deepEqual(await linesOf(Buffer.from([0x61, 0xff, 10, 0x62, 10])), ['! not UTF-8', 'b']);
});
