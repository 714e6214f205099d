import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { InputError } from '@precede/contracts';
import { assertSameInput, emptyTotals, type Ledger, readLedger, writeLedger } from './ledger.ts';

const directory = async (t: TestContext): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-ledger-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
};
const ledger = (acknowledged: number): Ledger => ({
  importId: 'one',
  zoneId: 'a'.repeat(32),
  digest: 'd',
  shiftMs: 0,
  acknowledged,
  isComplete: false,
  totals: emptyTotals(),
});

test('gives back what was written last, and leaves nothing beside it', async (t) => {
  const dir = await directory(t);

  await writeLedger(dir, ledger(1));
  await writeLedger(dir, ledger(2));

  assert.deepEqual(await readLedger(dir, 'a'.repeat(32), 'one'), ledger(2));
  assert.equal(await readLedger(dir, 'a'.repeat(32), 'two'), undefined);
  assert.equal((await readdir(join(dir, 'imports'))).length, 1);
});

test('a damaged ledger is named, with what to do', async (t) => {
  const dir = await directory(t);
  await writeLedger(dir, ledger(1));
  const [name] = await readdir(join(dir, 'imports'));
  await writeFile(join(dir, 'imports', name ?? ''), '{');

  await assert.rejects(readLedger(dir, 'a'.repeat(32), 'one'), (error) => {
    assert(error instanceof InputError);
    assert.match(error.message, /is damaged; remove it/);
    return true;
  });
});

test('an import id belongs to one input', () => {
  assert.doesNotThrow(() => assertSameInput(ledger(0), 'd'));
  assert.throws(() => assertSameInput(ledger(0), 'e'), /used for another input/);
});
