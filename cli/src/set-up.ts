/**
 * What `precede topics` and `precede migrate` have in common: bounded patience with servers that are not there yet, and the
 * account of what was found and done. The account is on stdout, what is waited for on stderr.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, InputError, UnavailableError } from '@precede/contracts';
import { duration } from '@precede/service';
import type { Command } from 'commander';
import { ExitCode } from './exit.ts';
import { clean, note, print, printJson } from './output.ts';

export interface SetUpOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly check?: boolean;
  readonly json?: boolean;
}

/** One topic, schema, migration or table. */
export interface SetUpItem {
  readonly kind: string;
  readonly name: string;
  /** As printed: `present`, `created`, `missing`. */
  readonly state: string;
  /** Something is as this release needs it, perhaps since just now. */
  readonly ok: boolean;
  readonly detail?: string;
}

const timeout = (text: string): number => {
  try {
    return duration('').parse(text);
  } catch (error) {
    throw new InputError('/timeout', `--timeout: ${(error as Error).message}, got ${JSON.stringify(text)}`);
  }
};

export const withSetUpOptions = (command: Command): Command =>
  command
    .option('--check', 'change nothing; exit code 6 when something is missing')
    .option('--timeout <duration>', 'how long to wait for servers that do not answer', timeout, timeout('5m'))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nThe addresses and secrets are those of the services: docs/configuration.md.');

const firstPauseMs = 250;
const longestPauseMs = 5_000;

/** Tries again what may be tried again until the time is over, and says what it waits for whenever that changes. */
export const patiently = async <T>(what: string, timeoutMs: number, action: () => Promise<T>): Promise<T> => {
  const deadlineMs = performance.now() + timeoutMs;
  let told = '';
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs))
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      if (performance.now() + pauseMs > deadlineMs) throw tooLate(what, timeoutMs, error);
      if (error.message !== told) note(`waiting for ${what}: ${clean(error.message)}`);
      told = error.message;
      await sleep(pauseMs);
    }
};

const tooLate = (what: string, timeoutMs: number, error: UnavailableError): UnavailableError =>
  new UnavailableError(
    error.code ?? ErrorCode.internal,
    `waited ${timeoutMs / 1000} s for ${what}: ${error.message}`,
    error,
  );

const width = (items: readonly SetUpItem[], of: 'kind' | 'state'): number =>
  Math.max(...items.map((item) => item[of].length));

/** Prints the account and sets the exit code: 6 where something is not as it should be. */
export const printSetUp = (items: readonly SetUpItem[], { json }: SetUpOptions): void => {
  const wrong = items.filter(({ ok }) => !ok).length;
  if (json === true) printJson({ ok: wrong === 0, items });
  else
    for (const { kind, name, state, detail } of items)
      print(
        `${state.padEnd(width(items, 'state'))}  ${kind.padEnd(width(items, 'kind'))}  ${name}${detail === undefined ? '' : `  (${detail})`}`,
      );
  if (wrong > 0) process.exitCode = ExitCode.mismatch;
};
