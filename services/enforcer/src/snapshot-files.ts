/**
 * The last good snapshot of each zone on disk, so that a start needs no log. One file a zone, written whole to a
 * temporary name, synced and renamed: a reader finds the old one or the new one. A digest tells a damaged file, which is
 * counted and passed over. Holds no secret: session keys are configuration.
 */
import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isZoneId,
  type NamedListConfig,
  type Operation,
  type PhaseInfo,
  type TokenConfiguration,
  type ZoneId,
  type ZoneSnapshot,
  zoneDefaults,
} from '@precede/contracts';
import type { Logger } from '@precede/service';
import type { EnforcerMetrics } from './metrics.ts';

export interface SnapshotFilesDeps {
  /** Empty: nothing is kept. */
  readonly dir: string;
  readonly logger: Logger;
  readonly metrics: EnforcerMetrics;
}

type Keyed = 'operations' | 'phases' | 'lists' | 'tokenConfigurations';

interface StoredZone extends Omit<ZoneSnapshot, Keyed> {
  readonly operations: readonly Operation[];
  readonly phases: readonly PhaseInfo[];
  readonly lists: readonly NamedListConfig[];
  readonly tokenConfigurations: readonly TokenConfiguration[];
}
interface StoredFile {
  readonly format: number;
  readonly sha256: string;
  /** JSON text of a StoredZone: the digest is over exactly these bytes. */
  readonly zone: string;
}

const format = 1;
const suffix = '.zone.json';
/** The one before the newest: used where the newest is damaged. */
const previous = '.previous';
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

export class SnapshotFiles {
  readonly #deps: SnapshotFilesDeps;
  /** Newest wish of each zone; null: remove. Writing is serial, so a burst of revisions writes the newest only. */
  readonly #pending = new Map<ZoneId, ZoneSnapshot | null>();
  #writing: Promise<void> | undefined;

  constructor(deps: SnapshotFilesDeps) {
    this.#deps = deps;
  }

  /** Every readable snapshot. Throws where the directory cannot be made or read: that is a fault of the configuration. */
  async load(): Promise<readonly ZoneSnapshot[]> {
    const { dir } = this.#deps;
    if (dir === '') return [];
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const found: ZoneSnapshot[] = [];
    for (const name of (await readdir(dir)).sort()) {
      if (name.endsWith('.tmp')) await rm(join(dir, name), { force: true });
      if (!name.endsWith(suffix)) continue;
      const snapshot = (await this.#read(name)) ?? (await this.#read(name, previous));
      if (snapshot !== undefined) found.push(snapshot);
    }
    return found;
  }

  save(snapshot: ZoneSnapshot): void {
    this.#wish(snapshot.zoneId, snapshot);
  }

  remove(zoneId: ZoneId): void {
    this.#wish(zoneId, null);
  }

  /** Resolves when everything wished for so far is on disk (or failed and was logged). */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #read(name: string, ending = ''): Promise<ZoneSnapshot | undefined> {
    const path = join(this.#deps.dir, `${name}${ending}`);
    if (ending !== '' && !(await isThere(path))) return undefined;
    try {
      const file = JSON.parse(await readFile(path, 'utf8')) as StoredFile;
      if (file.format !== format) throw new Error(`unknown format ${file.format}`);
      if (digest(file.zone) !== file.sha256) throw new Error('the digest does not fit the content');
      const snapshot = fromStored(JSON.parse(file.zone) as StoredZone);
      if (!isZoneId(snapshot.zoneId) || `${snapshot.zoneId}${suffix}` !== name)
        throw new Error('the file is of another zone');
      this.#deps.metrics.snapshotFiles.inc({ outcome: 'read' });
      return snapshot;
    } catch (err) {
      this.#deps.metrics.snapshotFiles.inc({ outcome: 'damaged' });
      this.#deps.logger.warn({ err, file: `${name}${ending}` }, 'snapshot file cannot be used');
      return undefined;
    }
  }

  #wish(zoneId: ZoneId, snapshot: ZoneSnapshot | null): void {
    if (this.#deps.dir === '') return;
    this.#pending.set(zoneId, snapshot);
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    // Out of the caller's turn first: wishes of the same turn are taken together.
    await Promise.resolve();
    for (let next = this.#take(); next !== undefined; next = this.#take()) await this.#writeOne(...next);
  }

  #take(): [ZoneId, ZoneSnapshot | null] | undefined {
    const [next] = this.#pending;
    if (next !== undefined) this.#pending.delete(next[0]);
    return next;
  }

  async #writeOne(zoneId: ZoneId, snapshot: ZoneSnapshot | null): Promise<void> {
    const path = join(this.#deps.dir, `${zoneId}${suffix}`);
    try {
      if (snapshot === null) await removeAll(path);
      else await writeWhole(path, fileOf(snapshot));
      this.#deps.metrics.snapshotFiles.inc({ outcome: 'written' });
    } catch (err) {
      this.#deps.metrics.snapshotFiles.inc({ outcome: 'failed' });
      this.#deps.logger.warn({ err, zoneId }, 'snapshot file cannot be written');
    }
  }
}

const fileOf = (snapshot: ZoneSnapshot): string => {
  const stored: StoredZone = {
    ...snapshot,
    operations: [...snapshot.operations.values()],
    phases: [...snapshot.phases.values()],
    lists: [...snapshot.lists.values()],
    tokenConfigurations: [...snapshot.tokenConfigurations.values()],
  };
  const zone = JSON.stringify(stored);
  return JSON.stringify({ format, sha256: digest(zone), zone } satisfies StoredFile);
};

/** Files of before have no rules by expression, nor the settings that came with them. */
const fromStored = (
  stored: Partial<StoredZone> & Pick<StoredZone, 'operations' | 'settings'>,
): ZoneSnapshot =>
  ({
    expressionRules: [],
    ...stored,
    settings: { ...zoneDefaults, ...stored.settings },
    operations: keyed(stored.operations, (each) => each.operationId),
    phases: keyed(stored.phases ?? [], (each) => each.phase),
    lists: keyed(stored.lists ?? [], (each) => each.name),
    tokenConfigurations: keyed(stored.tokenConfigurations ?? [], (each) => each.configId),
  }) as ZoneSnapshot;

const keyed = <K, V>(items: readonly V[], keyOf: (item: V) => K): ReadonlyMap<K, V> =>
  new Map(items.map((item) => [keyOf(item), item]));

const writeWhole = async (path: string, text: string): Promise<void> => {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  if (await isThere(path)) await copyFile(path, `${path}${previous}`);
  await rename(temporary, path);
};

const isThere = async (path: string): Promise<boolean> => {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
};

const removeAll = async (path: string): Promise<void> => {
  await rm(path, { force: true });
  await rm(`${path}${previous}`, { force: true });
};
