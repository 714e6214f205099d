/**
 * What a statement of the migrations does, for those who must treat it by its meaning: the cluster layout, the analysts'
 * views. It reads our own small dialect of DDL and refuses every other statement, so that nothing is rewritten by guess.
 */
import { ConfigError } from '@precede/contracts';
import { isWord, nameOf, type Token, tokenize } from './sql-tokens.ts';

export interface Place {
  readonly at: number;
  readonly end: number;
}

export interface Named extends Place {
  readonly name: string;
}

export interface TableReference extends Named {
  readonly hasAlias: boolean;
}

export type Ddl =
  | {
      readonly kind: 'createTable';
      readonly target: Named;
      readonly columns: readonly string[];
      /** `args` lies between the brackets; empty behind the name where there are none. */
      readonly engine: Named & { readonly args: Place };
      /** Names in ORDER BY. */
      readonly key: readonly string[];
      readonly comment: string | undefined;
    }
  | {
      readonly kind: 'createView';
      readonly target: Named;
      /** Asks for values such as {zone:String}: name → type. */
      readonly parameters: ReadonlyMap<string, string>;
      readonly reads: readonly TableReference[];
      readonly comment: string | undefined;
    }
  | { readonly kind: 'createDictionary'; readonly target: Named; readonly columns: readonly string[] }
  | { readonly kind: 'alter'; readonly target: Named }
  | { readonly kind: 'truncate'; readonly target: Named }
  | {
      readonly kind: 'drop';
      readonly object: 'TABLE' | 'VIEW' | 'DICTIONARY';
      readonly target: Named;
      readonly isConditional: boolean;
    }
  | { readonly kind: 'rename'; readonly from: Named; readonly to: Named }
  | { readonly kind: 'insert'; readonly target: Named };

/** What may follow a table in FROM where it has no alias. */
const AFTER_TABLE = new Set(
  'FINAL,SAMPLE,PREWHERE,WHERE,GROUP,HAVING,WINDOW,QUALIFY,ORDER,LIMIT,OFFSET,SETTINGS,UNION,INTERSECT,EXCEPT,COMMENT,ON,USING,JOIN,INNER,LEFT,RIGHT,FULL,CROSS,ASOF,ANY,ALL,SEMI,ANTI,GLOBAL,ARRAY,)'.split(
    ',',
  ),
);
const CLAUSES = new Set(['PARTITION', 'PRIMARY', 'ORDER', 'SAMPLE', 'TTL', 'SETTINGS', 'COMMENT']);
const NO_COLUMNS = new Set(['INDEX', 'CONSTRAINT', 'PROJECTION', 'PRIMARY']);

class Reader {
  readonly #sql: string;
  readonly tokens: readonly Token[];
  #next = 0;

  constructor(sql: string) {
    this.#sql = sql;
    this.tokens = tokenize(sql);
  }

  get rest(): readonly Token[] {
    return this.tokens.slice(this.#next);
  }

  refuse(why: string): never {
    const head = this.#sql.replace(/\s+/g, ' ').slice(0, 100);
    throw new ConfigError([`cannot lay this statement out over a cluster: ${why}: ${head}`]);
  }

  /** Takes the words if all of them stand next. */
  take(words: string): boolean {
    const all = words.split(' ');
    if (!all.every((word, index) => isWord(this.tokens[this.#next + index], word))) return false;
    this.#next += all.length;
    return true;
  }

  expect(words: string): void {
    if (!this.take(words)) this.refuse(`${words} is missing`);
  }

  name(): Named {
    const token = this.tokens[this.#next];
    const name = nameOf(token);
    if (token === undefined || name === undefined) return this.refuse('a plain name is missing');
    this.#next += 1;
    if (this.tokens[this.#next]?.text === '.') this.refuse('names carry no database');
    return { name, at: token.at, end: token.end };
  }

  /** Passes a bracket and all that is in it, where one stands next. */
  skipBracket(): void {
    if (this.tokens[this.#next]?.text !== '(') return;
    const close = this.rest.findIndex((token) => token.text === ')' && token.depth === 0);
    if (close < 0) this.refuse('a bracket does not close');
    this.#next += close + 1;
  }

  end(): void {
    const token = this.tokens[this.#next];
    if (token !== undefined) this.refuse(`"${token.text}" was not expected`);
  }
}

/** Throws ConfigError with the reason for a statement outside of the dialect. `sql` is one statement without comments. */
export function readDdl(sql: string): Ddl {
  const reader = new Reader(sql);
  if (reader.tokens.some((token, i) => isWord(token, 'CLUSTER') && isWord(reader.tokens[i - 1], 'ON')))
    reader.refuse('the setting adds ON CLUSTER, a migration does not');
  if (reader.take('CREATE TABLE IF NOT EXISTS')) return createTable(reader);
  if (reader.take('CREATE OR REPLACE VIEW') || reader.take('CREATE VIEW IF NOT EXISTS'))
    return createView(reader);
  if (reader.take('CREATE OR REPLACE DICTIONARY') || reader.take('CREATE DICTIONARY IF NOT EXISTS'))
    return createDictionary(reader);
  if (reader.take('ALTER TABLE')) return { kind: 'alter', target: reader.name() };
  if (reader.take('INSERT INTO')) return { kind: 'insert', target: reader.name() };
  if (reader.take('TRUNCATE TABLE')) return only(reader, { kind: 'truncate', target: reader.name() });
  if (reader.take('RENAME TABLE')) return rename(reader);
  for (const object of ['TABLE', 'VIEW', 'DICTIONARY'] as const)
    if (reader.take(`DROP ${object}`)) return drop(reader, object);
  return reader.refuse('it is none of those known');
}

const only = <T extends Ddl>(reader: Reader, ddl: T): T => {
  reader.end();
  return ddl;
};

function drop(reader: Reader, object: 'TABLE' | 'VIEW' | 'DICTIONARY'): Ddl {
  const isConditional = reader.take('IF EXISTS');
  const target = reader.name();
  reader.take('SYNC');
  return only(reader, { kind: 'drop', object, target, isConditional });
}

function rename(reader: Reader): Ddl {
  const from = reader.name();
  reader.expect('TO');
  return only(reader, { kind: 'rename', from, to: reader.name() });
}

function createTable(reader: Reader): Ddl {
  const target = reader.name();
  const { rest } = reader;
  if (rest[0]?.text !== '(') reader.refuse('a list of columns must follow the name');
  const engineAt = rest.findIndex((token) => token.depth === 0 && isWord(token, 'ENGINE'));
  if (engineAt < 0) reader.refuse('ENGINE is missing');
  return {
    kind: 'createTable',
    target,
    columns: columnsOf(rest),
    engine: engineOf(reader, rest.slice(engineAt + 1)),
    key: keyOf(rest.slice(engineAt)),
    comment: commentOf(rest),
  };
}

/** The first word of each item in the first bracket. */
function columnsOf(tokens: readonly Token[]): string[] {
  const close = tokens.findIndex((token) => token.depth === 0 && token.text === ')');
  return tokens
    .slice(1, close)
    .filter((token, i) => token.depth === 1 && (i === 0 || isItemEnd(tokens[i])))
    .filter((token) => !NO_COLUMNS.has(token.text.toUpperCase()))
    .map((token) => nameOf(token) ?? token.text);
}

const isItemEnd = (token: Token | undefined): boolean => token?.depth === 1 && token.text === ',';

function engineOf(reader: Reader, tokens: readonly Token[]): Named & { readonly args: Place } {
  const [token, bracket] = isWord(tokens[0], '=') ? tokens.slice(1) : tokens;
  const name = nameOf(token);
  if (token === undefined || name === undefined) return reader.refuse('the engine has no name');
  const place = { name, at: token.at, end: token.end };
  if (bracket?.text !== '(') return { ...place, args: { at: token.end, end: token.end } };
  const close = tokens.find((other) => other.at > bracket.at && other.text === ')' && other.depth === 0);
  if (close === undefined) return reader.refuse('the brackets of the engine do not close');
  return { ...place, end: close.end, args: { at: bracket.end, end: close.at } };
}

/** The names in ORDER BY, functions too; none where there is none. */
function keyOf(tokens: readonly Token[]): string[] {
  const order = tokens.findIndex((token) => token.depth === 0 && isWord(token, 'ORDER'));
  if (order < 0) return [];
  const behind = tokens.slice(order + 2);
  // A key is never empty, and its first word may be a column by the name of a clause, as partition is.
  const stop = behind.findIndex(
    (token, i) => i > 0 && token.depth === 0 && CLAUSES.has(token.text.toUpperCase()),
  );
  return (stop < 0 ? behind : behind.slice(0, stop)).flatMap((token) => nameOf(token) ?? []);
}

/** The quoted text of the COMMENT that ends the statement. */
function commentOf(tokens: readonly Token[]): string | undefined {
  const [word, text] = tokens.slice(-2);
  return word?.depth === 0 && isWord(word, 'COMMENT') ? text?.text : undefined;
}

function createView(reader: Reader): Ddl {
  const target = reader.name();
  reader.skipBracket();
  reader.expect('AS');
  const { rest } = reader;
  return {
    kind: 'createView',
    target,
    parameters: parametersOf(rest),
    reads: readsOf(reader, rest),
    comment: commentOf(rest),
  };
}

function parametersOf(tokens: readonly Token[]): Map<string, string> {
  const parameters = new Map<string, string>();
  tokens.forEach((token, i) => {
    const [name, colon] = tokens.slice(i + 1, i + 3);
    if (token.text !== '{' || name === undefined || colon?.text !== ':') return;
    const close = tokens.findIndex((other, at) => at > i && other.text === '}');
    const type = tokens.slice(i + 3, close).map((part) => part.text);
    parameters.set(name.text, type.join(''));
  });
  return parameters;
}

/** The tables and views behind FROM and JOIN; subqueries, table functions and the names of WITH are none. */
function readsOf(reader: Reader, tokens: readonly Token[]): TableReference[] {
  const named = new Set(
    tokens.flatMap((token, i) =>
      isWord(tokens[i + 1], 'AS') && tokens[i + 2]?.text === '(' ? token.text : [],
    ),
  );
  return tokens.flatMap((token, i) => {
    // A parameter may be called {from:…}, and be given as from = ….
    if (tokens[i - 1]?.text === '{' || tokens[i + 1]?.text === '=') return [];
    if (!(isWord(token, 'FROM') || (isWord(token, 'JOIN') && !isWord(tokens[i - 1], 'ARRAY')))) return [];
    const [table, after] = tokens.slice(i + 1);
    if (table?.text === '(' || after?.text === '(' || named.has(table?.text ?? '')) return [];
    const name = nameOf(table);
    if (table === undefined || name === undefined) return reader.refuse('a table must follow FROM or JOIN');
    const hasAlias = isWord(after, 'AS');
    if (!hasAlias && after !== undefined && !AFTER_TABLE.has(after.text.toUpperCase()))
      return reader.refuse(`"${after.text}" follows the table ${name}: write AS before an alias`);
    return { name, at: table.at, end: table.end, hasAlias };
  });
}

function createDictionary(reader: Reader): Ddl {
  const target = reader.name();
  if (reader.rest[0]?.text !== '(') reader.refuse('a list of columns must follow the name');
  return { kind: 'createDictionary', target, columns: columnsOf(reader.rest) };
}
