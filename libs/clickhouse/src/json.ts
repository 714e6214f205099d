/** ClickHouse's 64-bit integers to and from JSON, without the silent rounding of doubles. */
import { ErrorCode, PrecedeError } from '@precede/contracts';

const LONG_DIGITS = /\d{16}/;

interface ReviverContext {
  readonly source?: string;
}

/** An integer literal must read back as itself; a rounded one is a wrong id or a wrong count. */
function exact(_key: string, value: unknown, context: ReviverContext): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context.source ?? '';
  if (!/^-?\d+$/.test(source) || String(value) === source) return value;
  throw new PrecedeError(
    ErrorCode.clickhouseRefused,
    `the query returns ${source}, which no number holds exactly: select it with toString()`,
  );
}

/** One line of JSONEachRow. The slow, checking way only for lines with a number long enough to be rounded. */
export function parseRow(line: string): unknown {
  if (!LONG_DIGITS.test(line)) return JSON.parse(line);
  return JSON.parse(line, exact as (key: string, value: unknown) => unknown);
}

/** bigint as text, which ClickHouse reads into any integer column. */
export function printRow(row: unknown): string {
  return JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
