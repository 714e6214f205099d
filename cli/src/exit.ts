/** Exit codes of the command; README and `precede help` list them. */
import { ConfigError, ErrorCode, InputError, PrecedeError, UnavailableError } from '@precede/contracts';

export const ExitCode = {
  ok: 0,
  /** Ours to mend: a bug, or something nobody expected. */
  unexpected: 1,
  /** The command line, a file or a value in it is wrong. */
  usage: 2,
  /** A service could not be reached or is not ready. */
  unavailable: 3,
  /** The instance refused: unknown zone, missing permission, a rule that breaks a condition. */
  refused: 4,
  /** `decide`: the request would be denied. */
  denied: 5,
  /** `rules eval`: a case gave another result; `rules fmt --check`: not canonical; `rules check --strict`: warnings; `topics`, `migrate`: something is missing. */
  mismatch: 6,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The instance answered with an error; the message is its own. */
export class RefusedError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Codes that say by themselves what to do next: another directory, or another try. */
const byCode: Partial<Record<ErrorCode, ExitCode>> = {
  [ErrorCode.logInUse]: ExitCode.usage,
  [ErrorCode.clickhouseInUse]: ExitCode.usage,
  [ErrorCode.clickhouseUnavailable]: ExitCode.unavailable,
  [ErrorCode.clickhouseRefused]: ExitCode.refused,
};

export const exitCodeOf = (error: unknown): ExitCode => {
  if (error instanceof InputError || error instanceof ConfigError) return ExitCode.usage;
  if (error instanceof UnavailableError) return ExitCode.unavailable;
  if (error instanceof RefusedError) return ExitCode.refused;
  if (error instanceof PrecedeError) return byCode[error.code] ?? ExitCode.unexpected;
  return ExitCode.unexpected;
};
