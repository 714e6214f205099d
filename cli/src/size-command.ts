/** `precede size`: what an instance needs for a rate of requests. */
import type { Command } from 'commander';
import { wholeNumber } from './options.ts';
import { print, printJson } from './output.ts';
import { type Demand, sizeOf, usualDemand } from './sizing.ts';
import { sizingTable } from './sizing-text.ts';

interface SizeOptions extends Demand {
  readonly json?: boolean;
}

export const sizeCommand = (program: Command): void => {
  const most = 100_000_000;
  program
    .command('size')
    .description('estimate partitions, processes, brokers and disks for a rate of requests (docs/sizing.md)')
    .requiredOption('--rate <n>', 'requests a second at the peak', wholeNumber('rate', 1, most))
    .option(
      '--requests-per-session <n>',
      'requests of a session',
      wholeNumber('requests-per-session', 1, most),
      usualDemand.requestsPerSession,
    )
    .option(
      '--open-seconds <n>',
      'from the first request of a session to the end of its window: its length and the inactivity gap',
      wholeNumber('open-seconds', 1, most),
      usualDemand.openSeconds,
    )
    .option(
      '--replication <n>',
      'copies in Kafka',
      wholeNumber('replication', 1, 10),
      usualDemand.replication,
    )
    .option('--json', 'print JSON')
    .action(({ json, ...demand }: SizeOptions) => {
      if (json === true) return printJson({ ...demand, ...sizeOf(demand) });
      print(sizingTable([demand]));
      return print(
        '\nHalf of each core is left free. How it is reckoned, and what limits first: docs/sizing.md',
      );
    });
};
