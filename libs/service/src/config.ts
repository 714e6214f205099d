/**
 * Configuration from the environment. A process lists its variables as fields (parser, default, meaning); loading
 * reports every fault at once with name, rule and value, and docs/configuration.md is made from the same fields.
 */
import { ConfigError } from '@precede/contracts';
import { fromFile, isGiven, type ReadFile, readTextFile } from './config-files.ts';

export interface Field<T> {
  /** Throws an Error whose message is the rule that was broken. */
  readonly parse: (text: string) => T;
  /** Text as one would set it; absent: the variable must be set. */
  readonly default?: string;
  /** One sentence for the reference. */
  readonly meaning: string;
  /** The rule in words: `1 … 65535`, `duration such as 10m`. */
  readonly rule: string;
  readonly isSecret?: boolean;
  /** May be read from the file that the variable `NAME_FILE` names, as orchestrators mount secrets. */
  readonly isFromFile?: boolean;
  /** Where it is set, this other variable must be. */
  readonly needs?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a set of fields of any types; each value keeps its own.
export type Fields = Readonly<Record<string, Field<any>>>;
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };
export type Environment = Readonly<Record<string, string | undefined>>;

const fail = (message: string): never => {
  throw new Error(message);
};

const field = <T>(
  rule: string,
  parse: (text: string) => T,
  meaning: string,
  fallback: string | undefined,
): Field<T> => ({ rule, parse, meaning, ...(fallback === undefined ? {} : { default: fallback }) });

export const text = (meaning: string, fallback?: string): Field<string> =>
  field('text', (value) => value, meaning, fallback);

/** Text that never appears in logs, faults or documents. */
export const secret = (meaning: string, fallback?: string): Field<string> => ({
  ...text(meaning, fallback),
  rule: 'secret text',
  isSecret: true,
  isFromFile: true,
});

/** Certificates as PEM text; empty: none. */
export const certificates = (meaning: string): Field<string> => pem('CERTIFICATE', 'certificates', meaning);

/** A private key as PEM text, not encrypted; empty: none. */
export const privateKey = (meaning: string): Field<string> => ({
  ...pem('(?:[A-Z]+ )?PRIVATE KEY', 'a private key', meaning),
  isSecret: true,
});

const pem = (label: string, what: string, meaning: string): Field<string> => {
  const rule = `PEM text of ${what}`;
  const block = new RegExp(`-----BEGIN ${label}-----\\s[\\s\\S]+-----END ${label}-----`);
  const parse = (value: string): string =>
    value === '' || block.test(value)
      ? value
      : fail(`must be ${rule}; name a file of it by the same variable with _FILE`);
  return { ...field(rule, parse, meaning, ''), isFromFile: true };
};

export const integer = (min: number, max: number, meaning: string, fallback?: string): Field<number> => {
  const rule = `a whole number from ${min} to ${max}`;
  const parse = (value: string): number => {
    const n = Number(value);
    return /^-?\d+$/.test(value) && n >= min && n <= max ? n : fail(`must be ${rule}`);
  };
  return field(rule, parse, meaning, fallback);
};

export const number = (min: number, max: number, meaning: string, fallback?: string): Field<number> => {
  const rule = `a number from ${min} to ${max}`;
  const parse = (value: string): number => {
    const n = Number(value);
    return value.trim() !== '' && n >= min && n <= max ? n : fail(`must be ${rule}`);
  };
  return field(rule, parse, meaning, fallback);
};

/** A TCP port; 0 lets the system choose. */
export const port = (meaning: string, fallback?: string): Field<number> =>
  integer(0, 65_535, meaning, fallback);

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const sizeUnits: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

const withUnit = (value: string, units: Readonly<Record<string, number>>, rule: string): number => {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(value);
  const unit = units[match?.[2] ?? ''];
  return match === null || unit === undefined ? fail(`must be ${rule}`) : Math.round(Number(match[1]) * unit);
};

/** `250ms`, `5s`, `10m`, `24h`, `7d` → milliseconds. */
export const duration = (meaning: string, fallback?: string): Field<number> => {
  const rule = 'a duration such as 250ms, 5s, 10m, 24h, 7d';
  return field(rule, (value) => withUnit(value, durationUnits, rule), meaning, fallback);
};

/** `512KiB`, `64MiB`, `2GiB` → bytes. */
export const size = (meaning: string, fallback?: string): Field<number> => {
  const rule = 'a size such as 512KiB, 64MiB, 2GiB';
  return field(rule, (value) => withUnit(value, sizeUnits, rule), meaning, fallback);
};

export const url = (meaning: string, fallback?: string): Field<string> => {
  const rule = 'an http or https address';
  const parse = (value: string): string =>
    /^https?:$/.test(URL.parse(value)?.protocol ?? '') ? value.replace(/\/+$/, '') : fail(`must be ${rule}`);
  return field(rule, parse, meaning, fallback);
};

/** Items parted by commas; empty text is the empty list. */
export const list = (meaning: string, fallback?: string): Field<readonly string[]> => {
  const parse = (value: string): readonly string[] =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  return field('items parted by commas', parse, meaning, fallback);
};

export const flag = (meaning: string, fallback?: string): Field<boolean> => {
  const rule = 'true or false';
  const parse = (value: string): boolean =>
    value === 'true' || (value === 'false' ? false : fail(`must be ${rule}`));
  return field(rule, parse, meaning, fallback);
};

export const choice = <const T extends string>(
  options: readonly T[],
  meaning: string,
  fallback?: T,
): Field<T> => {
  const rule = `one of ${options.join(', ')}`;
  const parse = (value: string): T => options.find((option) => option === value) ?? fail(`must be ${rule}`);
  return field(rule, parse, meaning, fallback);
};

/** 32 bytes as 64 hex digits. */
export const key = (meaning: string): Field<Buffer> => {
  const rule = '32 bytes as 64 hex digits';
  const parse = (value: string): Buffer =>
    /^[0-9a-f]{64}$/i.test(value) ? Buffer.from(value, 'hex') : fail(`must be ${rule}`);
  return { ...field(rule, parse, meaning, undefined), isSecret: true, isFromFile: true };
};

/**
 * Reads every field; throws ConfigError with all faults. An empty variable counts as unset. `read` gets the text of a file
 * that a variable `NAME_FILE` names.
 */
export const loadConfig = <F extends Fields>(
  fields: F,
  env: Environment,
  read: ReadFile = readTextFile,
): Values<F> => {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(fields)) {
    const given = each.isFromFile ? fromFile(name, env, read, faults) : env[name] || undefined;
    const value = given ?? each.default;
    if (value !== undefined) values[name] = parseField(name, each, value, faults);
    else if (!isNamed(name, each, env)) faults.push(`${name}: must be set (${each.rule}): ${each.meaning}`);
    if (given !== undefined && each.needs !== undefined && !isGiven(each.needs, env))
      faults.push(`${name}: needs ${each.needs}, which is not set`);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return values as Values<F>;
};

/** A file that cannot be read has its own fault. */
const isNamed = (name: string, each: Field<unknown>, env: Environment): boolean =>
  each.isFromFile === true && isGiven(name, env);

const parseField = (name: string, each: Field<unknown>, value: string, faults: string[]): unknown => {
  try {
    return each.parse(value);
  } catch (error) {
    const shown = each.isSecret ? 'the value is hidden' : `got ${JSON.stringify(value.slice(0, 200))}`;
    faults.push(`${name}: ${(error as Error).message}, ${shown}`);
    return undefined;
  }
};
