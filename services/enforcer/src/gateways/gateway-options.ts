/**
 * What the configuration of a gateway says in the query of the address that it asks. It is the operator's text: clients
 * never reach it.
 */
import { InputError } from '@precede/contracts';
import { mayChange } from './header-changes.ts';

export interface GatewayOptions {
  /** Request headers that the gateway replaces by those of the answer, and drops where the answer has none. */
  readonly copy: readonly string[];
  /** Trusted proxies in front of the gateway, whose addresses stand last in the list of addresses. */
  readonly hops: number;
  /** Values of further fields by the header that brings them: `ip.src.country:x-country`. */
  readonly fields: ReadonlyMap<string, string>;
  /** The gateway takes answers of 500 and more as faults: denials with such a status become 403. */
  readonly deniesBelow500: boolean;
}

const known = new Set(['copy', 'hops', 'field', 'denials']);
/** A handful of configurations exist; more are no configurations. */
const maxKept = 100;
const kept = new Map<string, GatewayOptions>();

/** Throws InputError. Kept by its text, as each request brings the same. */
export const optionsIn = (query: string): GatewayOptions => {
  const found = kept.get(query);
  if (found !== undefined) return found;
  const options = parse(new URLSearchParams(query));
  if (kept.size >= maxKept) kept.clear();
  kept.set(query, options);
  return options;
};

const parse = (query: URLSearchParams): GatewayOptions => {
  for (const name of query.keys())
    if (!known.has(name))
      throw new InputError('', `unknown option ${name.slice(0, 40)}; known are ${[...known].join(', ')}`);
  const hops = query.get('hops') ?? '0';
  if (!/^\d$/.test(hops)) throw new InputError('', 'hops must be 0 to 9');
  const denials = query.get('denials');
  if (denials !== null && denials !== 'below_500') throw new InputError('', 'denials can only be below_500');
  return {
    copy: query
      .getAll('copy')
      .flatMap((names) => names.split(','))
      .map(headerName),
    hops: Number(hops),
    fields: new Map(query.getAll('field').map(fieldOf)),
    deniesBelow500: denials !== null,
  };
};

const headerName = (text: string): string => {
  const name = text.trim().toLowerCase();
  if (mayChange(name)) return name;
  throw new InputError('', `${name.slice(0, 40)} is no header that may be changed`);
};

const fieldOf = (text: string): readonly [field: string, header: string] => {
  const [field = '', header = '', ...more] = text.split(':');
  if (field !== '' && header !== '' && more.length === 0) return [field.trim(), header.trim().toLowerCase()];
  throw new InputError('', 'field must be FIELD:HEADER');
};
