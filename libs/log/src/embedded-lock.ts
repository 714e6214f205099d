/**
 * One process a directory. The lock is a file naming the owner by process id, start time and boot of the machine, so
 * neither a killed owner nor a process id given to somebody else leaves it stale. It is made whole by a hard link, so a
 * half-written one is never seen. Containers with process ids of their own must not share a directory: they cannot
 * see each other.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode, PrecedeError } from '@precede/contracts';

interface Owner {
  readonly pid: number;
  /** Clock ticks after boot; null where the system does not tell. */
  readonly startedAt: string | null;
  readonly boot: string | null;
}

const fileName = 'owner.lock';

/** Takes the directory or throws PRECEDE_LOG_IN_USE naming the owner; returns what gives it back. */
export const lockDirectory = (dir: string): (() => void) => {
  const path = join(dir, fileName);
  const mine = JSON.stringify(describeProcess(process.pid));
  const draft = `${path}.${process.pid}.${nextDraft()}`;
  writeFileSync(draft, mine, { flush: true });
  try {
    if (!tryLink(draft, path)) takeOver(dir, path, draft);
  } finally {
    rmSync(draft, { force: true });
  }
  return () => rmSync(path, { force: true });
};

let drafts = 0;
const nextDraft = (): number => {
  drafts += 1;
  return drafts;
};

const takeOver = (dir: string, path: string, draft: string): void => {
  const text = readOwner(path);
  const owner = parseOwner(text);
  if (owner !== null && isAlive(owner)) throw inUse(dir, owner.pid);
  // Whoever moves the dead owner's file away may take its place. If a living one's was moved instead, it goes back.
  const moved = `${draft}.dead`;
  try {
    renameSync(path, moved);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  const isRightOne = readOwner(moved) === text;
  if (!isRightOne) tryLink(moved, path);
  rmSync(moved, { force: true });
  if (!isRightOne || !tryLink(draft, path)) throw inUse(dir, parseOwner(readOwner(path))?.pid);
};

const tryLink = (from: string, to: string): boolean => {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
};

const readOwner = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
};

const parseOwner = (text: string | null): Owner | null => {
  if (text === null) return null;
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    if (typeof owner?.pid !== 'number') return null;
    return { pid: owner.pid, startedAt: owner.startedAt ?? null, boot: owner.boot ?? null };
  } catch {
    // A lock that is no JSON was not made by a living process: links are made of whole files only.
    return null;
  }
};

const isAlive = (owner: Owner): boolean => {
  const now = describeProcess(owner.pid);
  if (owner.boot !== now.boot) return false;
  if (owner.startedAt !== null) return owner.startedAt === now.startedAt;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
};

const describeProcess = (pid: number): Owner => ({
  pid,
  // Field 22 of proc(5) stat; the second field may hold blanks, so count from its closing bracket.
  startedAt: readText(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')[19] ?? null,
  boot: readText('/proc/sys/kernel/random/boot_id'),
});

const readText = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // Not Linux, or no such process: null says so.
    return null;
  }
};

const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

const inUse = (dir: string, pid: number | undefined): PrecedeError =>
  new PrecedeError(
    ErrorCode.logInUse,
    `The event log in ${dir} is in use by process ${pid ?? 'unknown'}; one process can open it at a time.`,
  );
