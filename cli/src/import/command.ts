/** `precede import`: read and sort, learn operations, send with a ledger, end the source, perhaps wait for the scores. */
import { createHash, randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { InputError, isZoneId } from '@precede/contracts';
import { clockOf } from '@precede/service';
import type { Command } from 'commander';
import type { ApiClient, Zone } from '../api-client.ts';
import { ExitCode } from '../exit.ts';
import { clientOf, type TargetOptions, wholeNumber, withTarget } from '../options.ts';
import { note, print, printJson } from '../output.ts';
import { createProgress, type Progress } from '../progress.ts';
import { parseSessionChoice, type SessionChoice } from './event.ts';
import { learnOperations } from './learn.ts';
import { assertSameInput, emptyTotals, type Ledger, readLedger } from './ledger.ts';
import { type Format, formats, type ReadTotals, readInputs } from './read.ts';
import { sendAll } from './send.ts';
import { EventSorter } from './sorter.ts';
import { waitUntilScored } from './wait.ts';

export interface ImportOptions extends TargetOptions {
  readonly format: Format;
  readonly zone: string;
  readonly session?: string;
  readonly host?: string;
  readonly importId?: string;
  readonly learnOperations?: boolean;
  readonly shiftToNow?: boolean;
  readonly wait?: boolean;
  readonly waitTimeout: number;
}

export interface ImportSummary {
  readonly import_id: string;
  readonly zone_id: string;
  readonly read: number;
  readonly accepted: number;
  readonly matched: number;
  readonly unmatched: number;
  readonly without_session: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly learned_operations: number;
  readonly shift_ms: number;
  readonly seconds: number;
  /** While sending, without reading, learning and waiting. */
  readonly events_per_second: number;
  /** The ledger knew this import as finished: nothing was sent. */
  readonly already_complete: boolean;
}

export const importCommand = (program: Command): void => {
  const command = program
    .command('import')
    .description(
      'import request logs, each import as its own source; files may be gzip, tar or tar.gz, "-" is stdin',
    )
    .argument('<file...>', 'files to import')
    .requiredOption('--format <format>', formats.join(', '))
    .requiredOption('--zone <zone>', 'id or name of the zone')
    .option('--session <choice>', 'client+user-agent, header:NAME, cookie:NAME or field')
    .option('--host <host>', 'host of the requests where the log names none (default: the zone name)')
    .option('--import-id <id>', 'names the import: the same one sends nothing twice and goes on where it was')
    .option(
      '--learn-operations',
      'make operations of the paths seen, folding ids, numbers and UUIDs into variables',
    )
    .option('--shift-to-now', 'move all times so that the newest is now')
    .option('--wait', 'return when all of it is scored')
    .option('--wait-timeout <seconds>', 'give up waiting after', wholeNumber('wait-timeout', 1, 86_400), 600);
  withTarget(command).action(async (files: string[], options: ImportOptions) => {
    const summary = await runImport(files, options, clientOf(options));
    if (options.json === true) printJson(summary);
    else printSummary(summary);
    if (summary.read > 0 && summary.accepted === 0) {
      note('nothing was accepted: is --format right?');
      process.exitCode = ExitCode.usage;
    }
  });
};

/** Once it has begun, an import outlives a restart of what it talks to. */
const patienceMs = 10 * 60_000;

const importIdPattern = /^[A-Za-z0-9._-]{1,50}$/;

export const runImport = async (
  files: readonly string[],
  options: ImportOptions,
  api: ApiClient,
): Promise<ImportSummary> => {
  const startedMs = Date.now();
  const session = checkOptions(options);
  const importId = options.importId ?? randomBytes(8).toString('hex');
  const zone = await zoneFor(options, api);
  api.bePatient(patienceMs);
  const progress = createProgress(options.json !== true);
  const sorter = new EventSorter();
  try {
    const { totals, digest } = await readAll(files, options, session, zone, sorter, progress);
    const known = await readLedger(options.data, zone.id, importId);
    if (known !== undefined) assertSameInput(known, digest);
    const ledger = known ?? newLedger(importId, zone, digest, options, sorter, totals);
    const wasComplete = ledger.isComplete;
    const before = ledger.acknowledged;
    const learned = wasComplete ? 0 : await learn(options, sorter, api, zone);
    const sendingMs = wasComplete ? 0 : await send(sorter, ledger, options, api, progress);
    if (options.wait === true) await wait(api, zone, options, progress);
    return summarise(
      ledger,
      { startedMs, sendingMs, sent: ledger.acknowledged - before },
      learned,
      wasComplete,
    );
  } finally {
    progress.stop();
    await sorter.close();
  }
};

const checkOptions = (options: ImportOptions): SessionChoice | undefined => {
  if (!formats.includes(options.format))
    throw new InputError(
      '/format',
      `--format: must be one of ${formats.join(', ')}, got ${JSON.stringify(options.format)}`,
    );
  if (options.importId !== undefined && !importIdPattern.test(options.importId))
    throw new InputError('/import-id', '--import-id: 1 to 50 letters, digits, dots, dashes or underscores');
  if (options.session === undefined) return undefined;
  const session = parseSessionChoice(options.session);
  if (session === undefined)
    throw new InputError(
      '/session',
      `--session: must be client+user-agent, header:NAME, cookie:NAME or field, got ${JSON.stringify(options.session)}`,
    );
  return session;
};

/** Learning sets a zone up, so it makes the zone too; without it a zone nobody knows is a slip of the pen. */
const zoneFor = async (options: ImportOptions, api: ApiClient): Promise<Zone> => {
  const found = await api.findZone(options.zone);
  if (found !== undefined) return found;
  if (options.learnOperations !== true) return await api.zone(options.zone);
  const body = isZoneId(options.zone) ? { id: options.zone, name: options.zone } : { name: options.zone };
  note(`zone ${options.zone} is new: made`);
  return (await api.call<Zone>('POST', '/zones', body)).result;
};

const hostOf = (options: ImportOptions, zone: Zone): string =>
  options.host ?? (/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(zone.name) ? zone.name : 'localhost');

const readAll = async (
  files: readonly string[],
  options: ImportOptions,
  session: SessionChoice | undefined,
  zone: Zone,
  sorter: EventSorter,
  progress: Progress,
): Promise<{ totals: ReadTotals; digest: string }> => {
  const host = hostOf(options, zone);
  const hash = createHash('sha256').update(JSON.stringify([options.format, session ?? null, host, zone.id]));
  let bytes = 0;
  progress.start(
    'reading',
    files.reduce((sum, file) => sum + sizeOf(file), 0),
  );
  const totals = await readInputs(files, { format: options.format, session, host }, sorter, (chunk) => {
    hash.update(chunk);
    bytes += chunk.length;
    progress.update(bytes);
  });
  return { totals, digest: hash.digest('hex') };
};

const sizeOf = (file: string): number =>
  file === '-' ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0);

const newLedger = (
  importId: string,
  zone: Zone,
  digest: string,
  options: ImportOptions,
  sorter: EventSorter,
  read: ReadTotals,
): Ledger => {
  const nowMs = clockOf(process.env['PRECEDE_CLOCK'] ?? '').now();
  const shiftMs = options.shiftToNow === true && sorter.count > 0 ? nowMs - sorter.maxTimeMs : 0;
  const totals = { ...emptyTotals(), read: read.read, refused: Object.fromEntries(read.refused) };
  if (shiftMs === 0 && sorter.count > 0 && sorter.maxTimeMs < nowMs - 25 * 3_600_000)
    note(
      'every event is older than the 24 hours that scores look at; use --shift-to-now to see scores of an old log',
    );
  return { importId, zoneId: zone.id, digest, shiftMs, acknowledged: 0, isComplete: false, totals };
};

const learn = async (
  options: ImportOptions,
  sorter: EventSorter,
  api: ApiClient,
  zone: Zone,
): Promise<number> => {
  if (options.learnOperations !== true) return 0;
  const { operations, leftOut } = await learnOperations(sorter, options.format, api, zone);
  if (leftOut > 0)
    note(
      `${leftOut} combinations of method, host and path were not made operations (too many, or not possible as one)`,
    );
  await api.awaitRevision('ingest', await api.zone(zone.id));
  return operations;
};

const send = async (
  sorter: EventSorter,
  ledger: Ledger,
  options: ImportOptions,
  api: ApiClient,
  progress: Progress,
): Promise<number> => {
  const startedMs = Date.now();
  if (ledger.acknowledged > 0) note(`going on behind event ${ledger.acknowledged} of ${sorter.count}`);
  progress.start('sending', sorter.count);
  await sendAll(sorter, {
    api,
    ledger,
    dataDir: options.data,
    source: `import:${ledger.importId}`,
    onProgress: (done) => progress.update(done),
    onWaiting: (why) => progress.say(`waiting: ${why}`),
  });
  return Math.max(1, Date.now() - startedMs);
};

const wait = async (
  api: ApiClient,
  zone: Zone,
  options: ImportOptions,
  progress: Progress,
): Promise<void> => {
  progress.start('scoring', 100);
  await waitUntilScored(api, zone.id, {
    timeoutMs: options.waitTimeout * 1000,
    onProgress: (share, stage) => {
      progress.update(Math.floor(share * 100));
      progress.say(stage);
    },
  });
};

const summarise = (
  ledger: Ledger,
  timing: { readonly startedMs: number; readonly sendingMs: number; readonly sent: number },
  learned: number,
  wasComplete: boolean,
): ImportSummary => {
  const seconds = (Date.now() - timing.startedMs) / 1000;
  const { totals } = ledger;
  return {
    import_id: ledger.importId,
    zone_id: ledger.zoneId,
    read: totals.read,
    accepted: totals.accepted,
    matched: totals.matched,
    unmatched: totals.unmatched,
    without_session: totals.withoutSession,
    refused: totals.refused,
    learned_operations: learned,
    shift_ms: ledger.shiftMs,
    seconds: Math.round(seconds * 1000) / 1000,
    events_per_second: wasComplete ? 0 : Math.round((timing.sent * 1000) / timing.sendingMs),
    already_complete: wasComplete,
  };
};

const printSummary = (s: ImportSummary): void => {
  if (s.already_complete) print(`import ${s.import_id} was complete already: nothing sent`);
  print(
    `accepted   ${s.accepted} of ${s.read} (${s.matched} match an operation, ${s.without_session} of them without session; ${s.unmatched} match none)`,
  );
  const refused = Object.values(s.refused).reduce((sum, n) => sum + n, 0);
  print(`refused    ${refused}`);
  for (const [reason, count] of Object.entries(s.refused)) print(`           ${count} × ${reason}`);
  if (s.learned_operations > 0) print(`operations ${s.learned_operations} learned`);
  if (!s.already_complete)
    print(`speed      ${s.events_per_second} events/s to ingest, ${s.seconds} s in all`);
  print(`import id  ${s.import_id}`);
};
