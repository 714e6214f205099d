/** Charts and shortened text as plain strings: block characters on a terminal that shows them, ASCII elsewhere. Pure. */

export interface Look {
  /** Columns of the terminal; infinite where nothing limits a line. */
  readonly columns: number;
  readonly isAscii: boolean;
}

const blocks = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'] as const;
const levels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const asciiLevels = ['_', '.', '-', '=', '+', '*', '#', '@'] as const;

const within = (share: number): number => Math.max(0, Math.min(1, share));

/** A share of 1 as a bar of `width` cells, in eighths of a cell; ASCII in whole cells. */
export const bar = (share: number, width: number, { isAscii }: Look): string => {
  if (isAscii) {
    const cells = Math.round(within(share) * width);
    return '#'.repeat(cells) + '.'.repeat(width - cells);
  }
  const eighths = Math.round(within(share) * width * 8);
  const full = Math.floor(eighths / 8);
  const part = eighths % 8 === 0 ? '' : (blocks[eighths % 8] ?? '');
  return '█'.repeat(full) + part + '░'.repeat(width - full - part.length);
};

/** Shares of 1 as one cell each; a gap is a blank. */
export const spark = (shares: readonly (number | null)[], { isAscii }: Look): string => {
  const cells = isAscii ? asciiLevels : levels;
  return shares
    .map((share) => (share === null ? ' ' : cells[Math.min(7, Math.floor(within(share) * 8))]))
    .join('');
};

/** At most `width` characters: the middle goes, as the ends of a path say most. */
export const shorten = (text: string, width: number, { isAscii }: Look): string => {
  const characters = [...text];
  if (characters.length <= width) return text;
  const gap = isAscii ? '...' : '…';
  const kept = Math.max(0, width - gap.length);
  const head = Math.ceil(kept / 2);
  const tail = kept - head;
  return characters.slice(0, head).join('') + gap + (tail === 0 ? '' : characters.slice(-tail).join(''));
};

export const arrow = ({ isAscii }: Look): string => (isAscii ? '->' : ' →');
