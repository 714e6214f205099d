/** The items of named lists, written as members of `{…}` are. */
import { brief, CaseError } from './case-error.ts';
import { Refusal } from './faults.ts';
import type { NamedList } from './lists.ts';
import { scanIntRange, scanIpRange } from './literals.ts';
import { Scanner } from './scanner.ts';

/**
 * A list of its items: for `bytes` the bytes themselves; for `int` `7` or `30..40`; for `ip` an address, a range or CIDR.
 * Throws a CaseError with the pointer of the first item that is none.
 */
export const parseList = (type: NamedList['type'], items: readonly string[], pointer = ''): NamedList => ({
  type,
  members: items.map((item, at) => {
    if (type === 'bytes')
      return { kind: 'bytes', value: item, form: { kind: 'quoted' }, start: 0, end: item.length };
    const scanner = new Scanner(item, 0);
    try {
      const member = type === 'int' ? scanIntRange(scanner) : scanIpRange(scanner);
      if (scanner.isAtEnd) return member;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new CaseError(
        `${pointer}/items/${at}`,
        `${brief(JSON.stringify(item))}: ${brief(error.message)}`,
      );
    }
    throw new CaseError(
      `${pointer}/items/${at}`,
      `${brief(JSON.stringify(item))} is no item of type ${type}`,
    );
  }),
});
