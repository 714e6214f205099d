/**
 * Every error of the system: one base, subclasses by what the caller does next. docs/errors.md lists the codes;
 * a test keeps the two equal.
 */

export const ErrorCode = {
  configInvalid: 'PRECEDE_CONFIG_INVALID',
  inputInvalid: 'PRECEDE_INPUT_INVALID',
  inputTooLarge: 'PRECEDE_INPUT_TOO_LARGE',
  zoneUnknown: 'PRECEDE_ZONE_UNKNOWN',
  originRefused: 'PRECEDE_ORIGIN_REFUSED',
  unauthorized: 'PRECEDE_UNAUTHORIZED',
  logUnavailable: 'PRECEDE_LOG_UNAVAILABLE',
  logFull: 'PRECEDE_LOG_FULL',
  logFenced: 'PRECEDE_LOG_FENCED',
  logHeld: 'PRECEDE_LOG_HELD',
  logInUse: 'PRECEDE_LOG_IN_USE',
  ingestBusy: 'PRECEDE_INGEST_BUSY',
  recordUnreadable: 'PRECEDE_RECORD_UNREADABLE',
  stateMismatch: 'PRECEDE_STATE_MISMATCH',
  clickhouseUnavailable: 'PRECEDE_CLICKHOUSE_UNAVAILABLE',
  clickhouseInUse: 'PRECEDE_CLICKHOUSE_IN_USE',
  clickhouseRefused: 'PRECEDE_CLICKHOUSE_REFUSED',
  storeUnavailable: 'PRECEDE_STORE_UNAVAILABLE',
  invariantBroken: 'PRECEDE_INVARIANT_BROKEN',
  internal: 'PRECEDE_INTERNAL',
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

export class PrecedeError extends Error {
  readonly code: ErrorCode;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** The process cannot start as configured: exit 1. `faults` has one sentence for each. */
export class ConfigError extends PrecedeError {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(ErrorCode.configInvalid, faults.join('\n'));
    this.faults = faults;
  }
}

/** The caller's input is wrong: 4xx, with a JSON pointer to the fault. */
export class InputError extends PrecedeError {
  readonly pointer: string;

  constructor(pointer: string, message: string, code: ErrorCode = ErrorCode.inputInvalid) {
    super(code, message);
    this.pointer = pointer;
  }
}

/** Something we depend on is away or full: try again with jitter. */
export class UnavailableError extends PrecedeError {
  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(code, message, { retryable: true, cause });
  }
}

/** Another process has taken over what we held: drop the state and start anew. */
export class FencedError extends PrecedeError {
  constructor(message: string, cause?: unknown) {
    super(ErrorCode.logFenced, message, { cause });
  }
}

/** Our own reasoning is wrong: end the process. */
export class InvariantError extends PrecedeError {
  constructor(message: string) {
    super(ErrorCode.invariantBroken, message);
  }
}
