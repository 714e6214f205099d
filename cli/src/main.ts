/** The command `precede`: parses the command line and turns errors into sentences and exit codes, in one place. */

import { PrecedeError } from '@precede/contracts';
import { versionText } from '@precede/service';
import { Command } from 'commander';
import { analystsCommand } from './analysts-command.ts';
import { backupCommands } from './backup-commands.ts';
import { clickhouseCommand } from './clickhouse-command.ts';
import { decideCommand, operationsCommand, rulesCommand, zonesCommand } from './commands.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { ExitCode, exitCodeOf, RefusedError } from './exit.ts';
import { importCommand } from './import/command.ts';
import { migrateCommand } from './migrate-command.ts';
import { rulesEvalCommand } from './rules-eval-command.ts';
import { rulesLanguageCommands } from './rules-language-commands.ts';
import { sequencesCommand } from './sequences-command.ts';
import { sizeCommand } from './size-command.ts';
import { topicsCommand } from './topics-command.ts';
import { upCommand } from './up.ts';

// Who reads only the first lines, as head does, closes the pipe: that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.ok);
  throw error;
});

const program = new Command('precede')
  .description(
    'Learns in which order the clients of an API call its operations, scores the sequences, enforces the order.',
  )
  .version(versionText())
  .showHelpAfterError('("precede help" lists the commands)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? ExitCode.ok : ExitCode.usage))
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 unexpected fault, 2 wrong usage or input, 3 a service is away or not ready, 4 refused by the instance, 5 decide: denied, 6 rules eval or fmt: something differs; topics or migrate: something is missing',
  );
upCommand(program);
demoCommand(program);
importCommand(program);
sequencesCommand(program);
operationsCommand(program);
const rules = rulesCommand(program);
rulesLanguageCommands(rules);
rulesEvalCommand(rules);
decideCommand(program);
zonesCommand(program);
doctorCommand(program);
topicsCommand(program);
migrateCommand(program);
backupCommands(program);
sizeCommand(program);
clickhouseCommand(program);
analystsCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  const isExpected = error instanceof PrecedeError || error instanceof RefusedError;
  const text = isExpected
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`precede: ${text}\n`);
  process.exit(exitCodeOf(error));
}
