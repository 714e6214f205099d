/** CPU time of other processes, from /proc. */
import { readFileSync } from 'node:fs';

/** User and system seconds of a process so far, its ended children left out. */
export const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
