/**
 * What has been sent of an import, kept beside the data: an interrupted import goes on behind the last acknowledged
 * event, and a finished one is not sent again. Written whole and renamed, so that a crash leaves the old one.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@precede/contracts';

export interface Ledger {
  readonly importId: string;
  readonly zoneId: string;
  /** SHA-256 over the input bytes and the options that change events. */
  readonly digest: string;
  /** Added to every event time. */
  readonly shiftMs: number;
  /** Acknowledged events, in sorted order. */
  acknowledged: number;
  /** The end-of-source record is acknowledged too. */
  isComplete: boolean;
  totals: Totals;
}

export interface Totals {
  read: number;
  accepted: number;
  matched: number;
  unmatched: number;
  withoutSession: number;
  /** Reason → how many. */
  refused: Record<string, number>;
}

export const emptyTotals = (): Totals => ({
  read: 0,
  accepted: 0,
  matched: 0,
  unmatched: 0,
  withoutSession: 0,
  refused: {},
});

const pathOf = (dir: string, zoneId: string, importId: string): string =>
  join(dir, 'imports', `${zoneId}-${importId}.json`);

export const readLedger = async (
  dir: string,
  zoneId: string,
  importId: string,
): Promise<Ledger | undefined> => {
  const path = pathOf(dir, zoneId, importId);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Ledger;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    // Sending again is safe: what ingest knows of this import, by event id, changes nothing.
    throw new InputError('/import-id', `the ledger ${path} is damaged; remove it to send the import again`);
  }
};

export const writeLedger = async (dir: string, ledger: Ledger): Promise<void> => {
  const path = pathOf(dir, ledger.zoneId, ledger.importId);
  // Of its own name: the same import may, by mistake, run twice at once.
  const written = `${path}.${process.pid}.new`;
  await mkdir(join(dir, 'imports'), { recursive: true, mode: 0o700 });
  await writeFile(written, `${JSON.stringify(ledger, null, 1)}\n`, { mode: 0o600, flush: true });
  await rename(written, path);
};

/** An import id belongs to one input: other bytes or options under it would silently be mixed. */
export const assertSameInput = (ledger: Ledger, digest: string): void => {
  if (ledger.digest === digest) return;
  throw new InputError(
    '/import-id',
    `import id ${ledger.importId} was used for another input or other options; choose another --import-id`,
  );
};
