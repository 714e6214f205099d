/**
 * The format mark of a log directory. It is written after the first open, so a marked directory whose data is gone is
 * damage, and is refused instead of being taken for a new one.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '@precede/contracts';
import { faultOfData } from './embedded-data.ts';

const format = 1;
const markName = 'format.json';
const dataName = 'data.mdb';

/** Throws ConfigError for a directory of a newer version, or one that lost its data. */
export const checkFormat = (dir: string): void => {
  const found = readFormat(dir);
  if (found === null) return;
  if (found > format)
    throw new ConfigError([
      `The event log in ${dir} has format ${found}, written by a newer version; this one reads up to ${format}.`,
    ]);
  const fault = faultOfData(join(dir, dataName));
  if (fault === null) return;
  throw new ConfigError([
    `The event log in ${dir} is damaged: ${fault}. Restore it, or remove the directory to start anew.`,
  ]);
};

/** Marks the directory as ours, whole or not at all. */
export const markFormat = (dir: string): void => {
  if (readFormat(dir) === format) return;
  const path = join(dir, markName);
  writeFileSync(`${path}.new`, JSON.stringify({ format }), { flush: true });
  renameSync(`${path}.new`, path);
};

const readFormat = (dir: string): number | null => {
  const path = join(dir, markName);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const found = /^\{"format":(\d+)\}$/.exec(text)?.[1];
  if (found === undefined)
    throw new ConfigError([`${path} is damaged: it does not name the format of the event log.`]);
  return Number(found);
};
