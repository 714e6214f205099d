/** What commands print: tables for people, JSON for programs. Everything else goes to stderr. */
import type { Look } from './chart.ts';

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
export const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

const isTerminal = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const style =
  (code: number) =>
  (text: string): string =>
    isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text;
export const bold = style(1);
export const dim = style(2);
export const green = style(32);
export const red = style(31);

/** Control characters of foreign text would let a log line drive the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
export const clean = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '�');

/** Left-aligned columns, two spaces apart. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ');
  return [bold(line(head)), ...rows.map(line)].join('\n');
};

/** How charts are drawn where stdout goes; block characters only where colours are shown too. */
export const lookOf = (isAscii = false): Look => ({
  columns: process.stdout.isTTY === true ? process.stdout.columns : Number.POSITIVE_INFINITY,
  isAscii: isAscii || !isTerminal,
});
