/** Counts and session windows of what was sent, told again from docs/semantics.md alone: no code of the product is used here. */
import type { Sent } from './traffic.ts';

const hourMs = 3_600_000;
const gapMs = 600_000;
const longest = 9;

export interface Recount {
  /** `form hour id>id` → occurrences. */
  readonly counts: ReadonlyMap<string, number>;
  /** `first last length`, sorted; a window a line. */
  readonly windows: readonly string[];
}

/** `idOf`: the short id of an operation as a number, as ClickHouse shows it. */
export const recount = (sent: readonly Sent[], idOf: (operation: number) => number): Recount => {
  const windows = windowsOf(sent);
  const counts = new Map<string, number>();
  const add = (form: string, steps: readonly Sent[]): void => {
    for (const [last, { timeMs }] of steps.entries())
      for (let n = 1; n <= Math.min(longest, last + 1); n += 1) {
        const ids = steps.slice(last + 1 - n, last + 1).map((step) => idOf(step.operation));
        const key = `${form} ${Math.floor(timeMs / hourMs) * hourMs} ${ids.join('>')}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
  };
  for (const window of windows) {
    add('raw', window);
    add(
      'collapsed',
      window.filter((step, i) => step.operation !== window[i - 1]?.operation),
    );
  }
  return { counts, windows: windows.map(lineOf).sort() };
};

const lineOf = (window: readonly Sent[]): string =>
  `${window[0]?.timeMs} ${window.at(-1)?.timeMs} ${window.length}`;

const windowsOf = (sent: readonly Sent[]): Sent[][] => {
  const open = new Map<string, Sent[]>();
  const all: Sent[][] = [];
  for (const step of sent) {
    const window = open.get(step.session);
    const last = window?.at(-1);
    if (window !== undefined && last !== undefined && step.timeMs - last.timeMs <= gapMs) {
      window.push(step);
      continue;
    }
    const fresh = [step];
    open.set(step.session, fresh);
    all.push(fresh);
  }
  return all;
};
