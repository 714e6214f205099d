/**
 * values.yaml as documentation: every comment that begins with `--` describes the value below it. The README's table and
 * the descriptions in the schema are made of them.
 */
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';

export interface ValueDoc {
  /** From the root, names without dots. */
  readonly path: readonly string[];
  readonly meaning: string;
  readonly default: unknown;
}

const mark = /^ ?-- /;

/** All values that are described, in the order of the file. */
export const valueDocs = (text: string): readonly ValueDoc[] => {
  const document = parseDocument(text);
  const docs: ValueDoc[] = [];
  if (isMap(document.contents)) collect(document.contents as YAMLMap, [], '', docs);
  return docs;
};

/** The comment of the first pair of a map stands before the map itself. */
const collect = (map: YAMLMap, above: readonly string[], before: string, docs: ValueDoc[]): void => {
  map.items.forEach((pair: Pair, index) => {
    const name = keyOf(pair);
    const comment = isScalar(pair.key) ? (pair.key.commentBefore ?? '') : '';
    const meaning = meaningOf(index === 0 && comment === '' ? before : comment);
    const path = [...above, name];
    if (meaning !== undefined) {
      const value = pair.value;
      docs.push({ path, meaning, default: isScalar(value) || isMap(value) ? value.toJSON() : jsonOf(value) });
    } else if (isMap(pair.value)) collect(pair.value as YAMLMap, path, pair.value.commentBefore ?? '', docs);
  });
};

const keyOf = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : pair.key);
const jsonOf = (value: unknown): unknown => (value as { toJSON?: () => unknown } | null)?.toJSON?.() ?? value;

/** The lines from the mark on, as one. */
const meaningOf = (comment: string): string | undefined => {
  const lines = comment.split('\n');
  const first = lines.findLastIndex((line) => mark.test(line));
  if (first === -1) return undefined;
  return lines
    .slice(first)
    .map((line) => line.replace(mark, '').trim())
    .join(' ');
};

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The table of the README: one row a value. */
export const valuesTable = (docs: readonly ValueDoc[]): string => {
  const rows = docs.map(
    (doc) =>
      `| \`${doc.path.join('.')}\` | \`${cell(JSON.stringify(doc.default))}\` | ${cell(doc.meaning)} |`,
  );
  return ['| value | default | meaning |', '|---|---|---|', ...rows].join('\n');
};
