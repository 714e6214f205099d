/** A variable's text from the environment, or from the file that `NAME_FILE` names: how Docker and Kubernetes mount secrets. */
import { readFileSync } from 'node:fs';

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws as node:fs does. */
export type ReadFile = (path: string) => string;

export const readTextFile: ReadFile = (path) => readFileSync(path, 'utf8');

const set = (env: Environment, name: string): string | undefined => env[name] || undefined;

export const isGiven = (name: string, env: Environment): boolean =>
  set(env, name) !== undefined || set(env, `${name}_FILE`) !== undefined;

/**
 * The text of a variable that may come from a file; undefined where neither is set, or where it cannot be had: then a
 * sentence is added to the faults. The newline that editors and `echo` put at the end of a file is no part of a secret.
 */
export const fromFile = (
  name: string,
  env: Environment,
  read: ReadFile,
  faults: string[],
): string | undefined => {
  const value = set(env, name);
  const path = set(env, `${name}_FILE`);
  if (path === undefined) return value;
  const fault = (why: string): undefined => void faults.push(`${name}_FILE: ${why}`);
  if (value !== undefined) return fault(`${name} is set as well; set one of the two`);
  try {
    const found = read(path).replace(/\r?\n$/, '');
    return found === '' ? fault(`${path} is empty`) : found;
  } catch (error) {
    return fault(`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown fault'})`);
  }
};
