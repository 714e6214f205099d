/**
 * What stands in lists of each kind: the member of an item that has it, and how it is written.
 */
import { ListKind, type ZoneSnapshot } from '@precede/contracts';
import { CaseError, listTypes, type NamedList, type NamedLists, parseList } from '@precede/rules';
import { isPlainObject } from './parse.ts';

interface Kind {
  /** The value as it is kept; a fault as `{ fault }`. */
  readonly read: (given: unknown) => string | { readonly fault: string };
  /** As clients see it. */
  readonly show: (value: string) => unknown;
}

const maxText = 1_024;
const hostName = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$/;

/** Asked of the language itself, so that what is accepted here compiles everywhere. */
const asMember = (type: NamedList['type'], text: string): string | { fault: string } => {
  try {
    parseList(type, [text]);
    return text;
  } catch (error) {
    if (error instanceof CaseError) return { fault: error.message };
    throw error;
  }
};

const readText = (given: unknown): string | { fault: string } => {
  if (typeof given !== 'string' || given === '') return { fault: 'must be a text' };
  if (!given.isWellFormed()) return { fault: 'must be well-formed Unicode' };
  return given.length <= maxText ? given : { fault: `must be at most ${maxText} characters` };
};

const readHost = (given: unknown): string | { fault: string } => {
  const host = isPlainObject(given) ? given['url_hostname'] : given;
  if (typeof host !== 'string') return { fault: 'must be {"url_hostname": "www.example.com"}' };
  const lower = host.toLowerCase();
  return hostName.test(lower)
    ? lower
    : { fault: 'must be a whole host name; there are no wildcards in lists' };
};

const readAsn = (given: unknown): string | { fault: string } =>
  typeof given === 'number' && Number.isInteger(given) && given >= 0 && given < 2 ** 32
    ? String(given)
    : { fault: 'must be a number from 0 to 4294967295' };

const readNumber = (given: unknown): string | { fault: string } => {
  if (typeof given === 'number' && Number.isSafeInteger(given)) return String(given);
  return typeof given === 'string' && given.length <= 64
    ? asMember('int', given)
    : { fault: 'must be a whole number, or a text such as "30..40"' };
};

const readIp = (given: unknown): string | { fault: string } =>
  typeof given === 'string' && given.length <= 128
    ? asMember('ip', given)
    : { fault: 'must be an address, a network such as 192.0.2.0/24, or a range' };

export const listKinds: Readonly<Record<ListKind, Kind>> = {
  [ListKind.ip]: { read: readIp, show: (value) => value },
  [ListKind.hostname]: { read: readHost, show: (value) => ({ url_hostname: value }) },
  [ListKind.asn]: { read: readAsn, show: Number },
  [ListKind.string]: { read: readText, show: (value) => value },
  [ListKind.number]: {
    read: readNumber,
    show: (value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value),
  },
};

/** The lists of a zone by name, without their members: what checking an expression asks for. */
export const listTypesOf = (zone: ZoneSnapshot): NamedLists =>
  new Map([...zone.lists.values()].map((list) => [list.name, { type: listTypes[list.kind], members: [] }]));
