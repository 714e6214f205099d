/** A secret of the command: from the variable, or from the file that the one with _FILE names, as the services read theirs. */
import { ConfigError } from '@precede/contracts';
import { fromFile, readTextFile } from '@precede/service';

/** Throws ConfigError where both are set or the file cannot be read. */
export const told = (name: string, env: Readonly<Record<string, string | undefined>>): string | undefined => {
  const faults: string[] = [];
  const value = fromFile(name, env, readTextFile, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return value;
};
