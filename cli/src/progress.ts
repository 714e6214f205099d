/** A progress bar on a terminal, nothing where stderr is a file or a pipe. */
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  start(stage: string, total: number): void;
  update(done: number): void;
  /** One line beside the bar, for what is awaited. */
  say(text: string): void;
  stop(): void;
}

const silent: Progress = { start: () => {}, update: () => {}, say: () => {}, stop: () => {} };

export const createProgress = (isWanted: boolean): Progress => {
  if (!isWanted || process.stderr.isTTY !== true) return silent;
  let current: SingleBar | undefined;
  const stop = (): void => {
    current?.stop();
    current = undefined;
  };
  return {
    start: (stage, total) => {
      stop();
      const format = `${stage.padEnd(10)} {bar} {percentage}%  {value}/{total}  {eta_formatted} left  {note}`;
      current = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic);
      current.start(total, 0, { note: '' });
    },
    update: (done) => current?.update(done, { note: '' }),
    say: (text) => current?.update({ note: text }),
    stop,
  };
};
