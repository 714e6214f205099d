/**
 * The configuration of all zones as one file: what config.v1 says, under the ids that it has there, so that rules, counts and
 * sessions of before still fit what is restored. Written and read whole, with a digest.
 */
import { createHash } from 'node:crypto';
import {
  bodiesOf,
  type ConfigBody,
  type ConfigRecord,
  InputError,
  type ZoneId,
  type ZoneSnapshot,
} from '@precede/contracts';

const format = 1;
/** What was restored is newer than anything that ClickHouse or an enforcer's disk remembers of the instance before. */
const aheadBy = 1_000;

interface BackupZone {
  readonly zoneId: ZoneId;
  readonly revision: number;
  readonly bodies: readonly ConfigBody[];
}

interface BackupFile {
  readonly format: number;
  readonly madeAt: string;
  /** Release that wrote it. */
  readonly release: string;
  readonly sha256: string;
  readonly zones: readonly BackupZone[];
}

export interface Made {
  readonly madeAt: string;
  readonly release: string;
}

const digestOf = (zones: readonly BackupZone[]): string =>
  createHash('sha256').update(JSON.stringify(zones)).digest('hex');

export const writeBackup = (snapshots: Iterable<ZoneSnapshot>, made: Made): string => {
  const zones = [...snapshots]
    .map((snapshot) => ({ zoneId: snapshot.zoneId, revision: snapshot.revision, bodies: bodiesOf(snapshot) }))
    .sort((a, b) => (a.zoneId < b.zoneId ? -1 : 1));
  const file: BackupFile = { format, ...made, sha256: digestOf(zones), zones };
  return `${JSON.stringify(file, null, 1)}\n`;
};

const refused = (why: string): InputError => new InputError('', `The backup cannot be used: ${why}.`);

const parse = (text: string): Partial<BackupFile> => {
  try {
    return (JSON.parse(text) ?? {}) as Partial<BackupFile>;
  } catch {
    throw refused('it is not JSON');
  }
};

/** The change sets of each zone, its zone record last. Throws InputError for what is damaged, or of a newer release. */
export const readBackup = (text: string): readonly (readonly ConfigRecord[])[] => {
  const file = parse(text);
  if (typeof file.format !== 'number' || !Array.isArray(file.zones))
    throw refused('it is no backup of a configuration');
  if (file.format > format)
    throw refused(
      `it has format ${file.format}, of release ${file.release}; this release reads up to ${format}`,
    );
  if (digestOf(file.zones) !== file.sha256)
    throw refused('it was changed or cut off, its digest does not fit');
  const zones: readonly BackupZone[] = file.zones;
  return zones.map(({ zoneId, revision, bodies }) =>
    bodies.map(
      (body): ConfigRecord => ({
        ...{ zoneId, revision: revision + aheadBy, records: bodies.length },
        ...body,
      }),
    ),
  );
};
