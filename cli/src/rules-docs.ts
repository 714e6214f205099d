/**
 * The examples of docs/rules.md as data, for the test that runs them. An expression stands in a ```rule fence with a
 * table below it, or in a column `expression`. What a request has stands in a column `request` (JSON by field name), or
 * in columns headed by the name of a field. What must come out stands in `matches`, `result` or `code`.
 */

/** A cell by the heading of its column, without the marks of code. */
type Row = ReadonlyMap<string, string>;

export type Block =
  | { readonly kind: 'heading'; readonly line: number; readonly text: string }
  | { readonly kind: 'fence'; readonly line: number; readonly language: string; readonly text: string }
  | {
      readonly kind: 'table';
      readonly line: number;
      readonly columns: readonly string[];
      readonly rows: readonly Row[];
    };
export type Table = Extract<Block, { kind: 'table' }>;
export type Fence = Extract<Block, { kind: 'fence' }>;

export interface Example {
  readonly line: number;
  readonly expression: string;
  /** Whether it gives a value (column `result`) and is no rule. */
  readonly isValue: boolean;
  /** JSON of the fields by name. */
  readonly request: Readonly<Record<string, unknown>>;
  /** `matches` of a rule: yes or no; `result` of a value: JSON or `missing`; `code` of what is refused. */
  readonly expected:
    | { readonly kind: 'matches'; readonly isMatch: boolean }
    | { readonly kind: 'result'; readonly json: unknown }
    | { readonly kind: 'code'; readonly code: string };
}

/** Cells of a line of a table: a bar that is escaped is none between cells. */
const cellsOf = (line: string): readonly string[] =>
  line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));

const uncoded = (cell: string): string => /^`([^`]*)`$/.exec(cell)?.[1] ?? cell;

const readTable = (lines: readonly string[], line: number): Table => {
  const [columns = [], , ...rows] = lines.map((each) => cellsOf(each).map(uncoded));
  return {
    kind: 'table',
    line,
    columns,
    rows: rows.map((cells) => new Map(columns.map((column, at) => [column, cells[at] ?? '']))),
  };
};

/** Headings, fences and tables in their order; other text is left out. O(characters). */
export const blocksOf = (markdown: string): readonly Block[] => {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = at + 1;
    const text = lines[at] as string;
    const start = at;
    if (text.startsWith('```')) {
      do at += 1;
      while (at < lines.length && lines[at] !== '```');
      const inside = lines.slice(start + 1, at).join('\n');
      blocks.push({ kind: 'fence', line, language: text.slice(3), text: inside });
    } else if (text.startsWith('#')) blocks.push({ kind: 'heading', line, text: text.replace(/^#+ /, '') });
    else if (text.startsWith('|')) {
      while (lines[at + 1]?.startsWith('|')) at += 1;
      blocks.push(readTable(lines.slice(start, at + 1), line));
    }
  }
  return blocks;
};

/** An empty cell is a field that is missing. */
const requestOf = (row: Row, isField: (name: string) => boolean): Readonly<Record<string, unknown>> => {
  const request: Record<string, unknown> = JSON.parse(row.get('request') || '{}');
  for (const [column, cell] of row)
    if (isField(column) && cell !== '') request[column] = JSON.parse(cell) as unknown;
  return request;
};

const refused = /^refused: `([a-z_]+)`$/;

const expectedOf = (row: Row): Example['expected'] | null => {
  const code = row.get('code') ?? refused.exec(row.get('matches') ?? row.get('result') ?? '')?.[1];
  if (code !== undefined) return { kind: 'code', code };
  const matches = row.get('matches');
  if (matches === 'yes' || matches === 'no') return { kind: 'matches', isMatch: matches === 'yes' };
  const result = row.get('result') ?? '';
  if (result === 'missing') return { kind: 'result', json: undefined };
  return result === '' ? null : { kind: 'result', json: JSON.parse(result) };
};

const outcomes = ['matches', 'result'];

/** Tables that state what expressions give, with the expression that stands above them if they name none. */
const statedIn = (blocks: readonly Block[]): readonly { table: Table; above: string | undefined }[] =>
  blocks.flatMap((table, at) => {
    if (table.kind !== 'table') return [];
    const before = blocks[at - 1];
    const above = before?.kind === 'fence' && before.language === 'rule' ? before.text : undefined;
    const isStated = above !== undefined || table.columns.includes('expression');
    if (isStated) return [{ table, above }];
    if (!outcomes.some((each) => table.columns.includes(each))) return [];
    throw new Error(`line ${table.line}: no expression belongs to this table`);
  });

/** Every example of the page. Throws on a row that says nothing that can be run. */
export const examplesOf = (
  blocks: readonly Block[],
  isField: (name: string) => boolean,
): readonly Example[] =>
  statedIn(blocks).flatMap(({ table, above }) =>
    table.rows.map((row, at) => {
      const line = table.line + at + 2;
      const expression = row.get('expression') ?? above ?? '';
      const expected = expectedOf(row);
      if (expression === '' || expected === null) throw new Error(`line ${line}: no example in this row`);
      return { line, expression, isValue: row.has('result'), request: requestOf(row, isField), expected };
    }),
  );
