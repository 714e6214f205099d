/** `precede sequences`: the list with its filters, and `show` for one sequence. */
import { type Command, Option } from 'commander';
import { type ZoneOption, zoned } from './commands.ts';
import { clientOf, defaultDataDir, share, wholeNumber } from './options.ts';
import { lookOf, note, print, printJson } from './output.ts';
import { sequenceText } from './sequence-text.ts';
import {
  type Kind,
  kinds,
  type ListOptions,
  listSequences,
  type ShowOptions,
  showSequence,
  sortColumns,
} from './sequences-api.ts';
import { listText } from './sequences-text.ts';

const timeHelp = 'RFC 3339, or how long ago: 30m, 2h, 1d';

export const sequencesCommand = (program: Command): void => {
  const sequences = program.command('sequences').description('the scored sequences of a zone');
  listCommand(sequences);
  showCommand(sequences);
};

const collect = (value: string, all: readonly string[] = []): readonly string[] => [...all, value];

const listCommand = (sequences: Command): void => {
  const most = 1_000_000_000;
  zoned(
    sequences
      .command('list', { isDefault: true })
      .description('the sequences of the 24 hours up to now or to a past time, with their scores'),
  )
    .option('--kind <kind>', kinds.join(', '), 'precedence')
    .option('--at <time>', `as they were then: ${timeHelp}`)
    .option('--min-support <n>', 'only sequences seen at least so often', wholeNumber('min-support', 1, most))
    .option('--min-score <score>', 'only with at least this score, 0 to 1', share('min-score'))
    .option('--length <n>', 'only of so many operations', wholeNumber('length', 2, 9))
    .option('--host <host>', 'only with an operation of this host; may be repeated', collect)
    .option(
      '--operation <operation>',
      'only with it: id, short id or "METHOD host/path"; repeated: all',
      collect,
    )
    .option('--first <operation>', 'only those that begin with it; repeated: any', collect)
    .option('--last <operation>', 'only those that end with it; repeated: any', collect)
    .option('--all', 'also those below the thresholds or folded under a longer one')
    .option('--sort <column>', sortColumns.join(', '))
    .option('--ascending', 'smallest first')
    .option(
      '--limit <n>',
      'at most so many; with --page the length of a page',
      wholeNumber('limit', 1, 10_000),
      20,
    )
    .option('--page <n>', 'this page of the list, 1 first', wholeNumber('page', 1, 1_000_000))
    .addOption(asciiOption())
    .action(async (options: ListOptions & ZoneOption & { readonly ascii?: boolean }) => {
      const api = clientOf(options);
      const list = await listSequences(api, await api.zone(options.zone), options);
      if (options.json === true) {
        // The rows alone go to stdout; why there are none, or of when they are, must not be lost.
        for (const message of list.messages) note(message);
        return printJson(list.items);
      }
      const page = options.page === undefined ? {} : { page: options.page };
      return print(listText({ kind: options.kind as Kind, ...list, ...page }, lookOf(options.ascii)));
    });
};

interface ShowArguments extends Omit<ShowOptions, 'points'>, ZoneOption {
  readonly points?: number;
  readonly ascii?: boolean;
}

const defaultPoints = 60;
/** Of the lines of a section. */
const margin = 2;

const showCommand = (sequences: Command): void => {
  zoned(
    sequences
      .command('show')
      .description('one sequence: score, history, hours, sessions with and without it, and a rule of it')
      .argument('<id>', 'as the list shows it: precedence.0a1b2c3d.4e5f6071'),
  )
    .option('--at <time>', `as it was then: ${timeHelp}`)
    .option('--from <time>', `begin of the history: ${timeHelp}`)
    .option('--to <time>', `end of the history: ${timeHelp}`)
    .option(
      '--points <n>',
      'at most so many points of the history (default: 60, or what the terminal is wide)',
      wholeNumber('points', 1, 1_000),
    )
    .option('--examples <n>', 'at most so many sessions of each sort', wholeNumber('examples', 0, 20), 3)
    .addOption(asciiOption())
    .action(async (id: string, options: ShowArguments) => {
      const api = clientOf(options);
      const look = lookOf(options.ascii);
      const points = options.points ?? Math.max(1, Math.min(defaultPoints, look.columns - margin));
      const shown = await showSequence(api, await api.zone(options.zone), id, { ...options, points });
      if (options.json === true) return printJson(shown.sequence);
      return print(sequenceText({ ...shown, target: targetOf(options) }, look));
    });
};

const asciiOption = (): Option =>
  new Option('--ascii', 'draw with ASCII alone, as where the output is no terminal or NO_COLOR is set');

/** What a command to copy needs to reach the same zone; a token is never shown. */
const targetOf = ({ zone, url, data }: ZoneOption): readonly string[] => [
  '--zone',
  zone,
  ...(url === undefined ? [] : ['--url', url]),
  ...(data === defaultDataDir ? [] : ['--data', data]),
];
