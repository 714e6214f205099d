/** As what expressions compare the members of a named list, by its kind. */
import { ListKind } from '@precede/contracts';
import type { NamedList } from '../language/lists.ts';

export const listTypes: Readonly<Record<ListKind, NamedList['type']>> = {
  [ListKind.ip]: 'ip',
  [ListKind.hostname]: 'bytes',
  [ListKind.asn]: 'int',
  [ListKind.string]: 'bytes',
  [ListKind.number]: 'int',
};
