/** A full disk, for real: a small tmpfs (needs root). What was accepted is counted, what was refused was told, and it goes on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { clockMs, deployEmbedded, eventually } from '@precede/testkit';

const host = 'disk.example.com';
const perBatch = 500;
const freeBytesWhenFull = 512 * 1024;

test('full disk: events are refused with a sentence, none accepted is lost, and it goes on when there is room', {
  skip: skipReason(),
}, async () => {
  const disk = mkdtempSync(join(tmpdir(), 'precede-disk-'));
  execFileSync('/usr/bin/mount', ['-t', 'tmpfs', '-o', 'size=256m', 'tmpfs', disk]);
  const d = await deployEmbedded(disk).catch((error: unknown) => {
    unmount(disk);
    throw error;
  });
  try {
    const zone = (await d.control<{ id: string }>('POST', '/zones', { name: 'full-disk' })).id;
    await d.control('POST', `/zones/${zone}/api_gateway/operations`, [
      { method: 'GET', host, endpoint: '/{id}' },
    ]);
    const { addresses } = await d.control<{ addresses: { ingest: string } }>('GET', '/instance');
    let sent = 0;
    const post = async (): Promise<{ status: number; text: string }> => {
      const lines = Array.from({ length: perBatch }, (_, i) => JSON.stringify(event(sent + i)));
      const response = await fetch(`${addresses.ingest}/v1/zones/${zone}/events?source=import:disk`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: lines.join('\n'),
      });
      const text = await response.text();
      if (response.status === 200) sent += perBatch;
      return { status: response.status, text };
    };
    await eventually('the zone in ingest', async () => ((await post()).status === 200 ? true : undefined));

    fill(disk);
    const refused = await eventually('a refusal', async () => {
      const answer = await post();
      return answer.status === 200 ? undefined : answer;
    });
    assert.equal(refused.status, 503);
    assert.match(refused.text, /PRECEDE_LOG_(FULL|UNAVAILABLE)/);

    rmSync(join(disk, 'filler'));
    await eventually('acceptance again', async () => ((await post()).status === 200 ? true : undefined));
    await fetch(`${addresses.ingest}/v1/zones/${zone}/sources/import:disk/end`, { method: 'POST' });
    await eventually('every accepted event counted once', async () => {
      const rows = await d.sql(`SELECT sum(occurrences) AS total FROM sequence_hours
        WHERE zone_id = '${zone}' AND form = 'raw' AND length(operations) = 1`);
      return Number(rows[0]?.['total']) === sent ? true : undefined;
    });
  } catch (error) {
    throw new Error(`failed with the log:\n${d.logs().slice(-5000)}`, { cause: error });
  } finally {
    await d.close();
    unmount(disk);
  }
});

/** To the last byte, and then a little back: others write meanwhile, so what is free now may not be in a moment. */
const fill = (disk: string): void => {
  const filler = join(disk, 'filler');
  const block = Buffer.alloc(64 * 1024);
  let bytes = 0;
  try {
    for (;;) {
      appendFileSync(filler, block);
      bytes += block.length;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    truncateSync(filler, Math.max(0, bytes - freeBytesWhenFull));
  }
};

/** One request a session; a source of their own, whose end releases what waits for the watermark. */
const event = (n: number) => ({
  time: clockMs - 3_600_000,
  method: 'GET',
  host,
  path: `/${n}`,
  session: `s${n}`,
  id: `e${n}`,
});

const unmount = (disk: string): void => {
  execFileSync('/usr/bin/umount', ['-l', disk]);
  rmSync(disk, { recursive: true });
};

function skipReason(): string | false {
  if (process.getuid?.() === 0 && process.platform === 'linux') return false;
  assert.ok(process.env['CI'] !== 'true', 'mounting a tmpfs needs root, and CI skips nothing');
  return 'mounting a tmpfs needs root on Linux';
}
