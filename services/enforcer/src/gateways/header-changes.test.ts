/** What header changes come to, against applying them one by one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { RequestHeaderChange } from '../decision.ts';
import { anyChanges } from './gateways.test-kit.ts';
import { effectsOf, lineOf } from './header-changes.ts';

/** The definition: each change upon what the one before left. */
const applyOneByOne = (
  sent: ReadonlyMap<string, readonly string[]>,
  changes: readonly RequestHeaderChange[],
): Map<string, string[]> => {
  const headers = new Map([...sent].map(([name, values]) => [name, [...values]]));
  for (const { name, operation, value } of changes) {
    const before = operation === 'add' ? (headers.get(name) ?? []) : [];
    if (operation === 'remove') headers.delete(name);
    else headers.set(name, [...before, value]);
  }
  return headers;
};

describe('effectsOf', () => {
  test('comes to what one change after the other comes to', () => {
    const names = fc.constantFrom<string>('x-a', 'x-b', 'cookie');
    const headers = fc
      .array(fc.tuple(names, fc.array(fc.constantFrom('s', 't'), { minLength: 1, maxLength: 3 })))
      .map((entries) => new Map(entries));
    fc.assert(
      fc.property(headers, anyChanges, (sent, changes) => {
        const effects = effectsOf(changes);

        const expected = applyOneByOne(sent, changes);
        for (const effect of effects) {
          const values = expected.get(effect.name);
          const separator = effect.name === 'cookie' ? '; ' : ', ';
          assert.equal(lineOf(effect, sent), values === undefined ? null : values.join(separator));
        }
        const untouched = [...expected.keys()].filter((name) => !effects.some((each) => each.name === name));
        for (const name of untouched) assert.deepEqual(expected.get(name), sent.get(name));
      }),
    );
  });

  test('leaves out what would break the request on its way to the origin', () => {
    const set = (name: string, value = '1'): RequestHeaderChange => ({ name, operation: 'set', value });
    const changes = [
      ...[
        set('content-length'),
        set('transfer-encoding'),
        set('host'),
        set('x-precede-token'),
        set('connection'),
      ],
      ...[
        set('x a'),
        set(''),
        set(':path'),
        set('x-a', 'one\r\nx-b: two'),
        set('x-a', '\u0000'),
        set('x-ok'),
      ],
    ];

    assert.deepEqual(
      effectsOf(changes).map((each) => each.name),
      ['x-ok'],
    );
  });
});
