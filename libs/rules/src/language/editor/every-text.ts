/** Whether a regular expression is sure to match every text. */
import type { Hir } from '../../regex/hir.ts';
import { Look } from '../../regex/look.ts';
import { parseRegex } from '../../regex/regex.ts';

/** The empty match at the start, or at the end, of every text is one. False where that is not certain. O(pattern). */
export const matchesEveryText = (pattern: string): boolean => {
  const parsed = parseRegex(pattern);
  return (
    parsed.kind === 'parsed' && (matchesEmpty(parsed.hir, startLooks) || matchesEmpty(parsed.hir, endLooks))
  );
};

/** Assertions that hold at the start and at the end of every text. */
const startLooks: readonly Look[] = [Look.textStart, Look.lineStart, Look.crlfLineStart];
const endLooks: readonly Look[] = [Look.textEnd, Look.lineEnd, Look.crlfLineEnd];

const matchesEmpty = (node: Hir, looks: readonly Look[]): boolean => {
  switch (node.kind) {
    case 'empty':
      return true;
    case 'look':
      return looks.includes(node.look);
    case 'concatenation':
      return node.items.every((item) => matchesEmpty(item, looks));
    case 'alternation':
      return node.branches.some((branch) => matchesEmpty(branch, looks));
    case 'repetition':
      return node.min === 0 || matchesEmpty(node.item, looks);
    case 'capture':
      return matchesEmpty(node.item, looks);
    default:
      return false;
  }
};
