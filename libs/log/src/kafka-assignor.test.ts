import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignSticky, type GroupMember } from './kafka-assignor.ts';

const groups = fc.record({
  count: fc.integer({ min: 1, max: 24 }),
  members: fc
    .uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 8 })
    .chain((ids) =>
      fc.tuple(
        ...ids.map((id) =>
          fc.record({ id: fc.constant(id), owned: fc.array(fc.nat({ max: 30 }), { maxLength: 30 }) }),
        ),
      ),
    ),
});
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('every partition has one owner, and shares differ by one at most, whatever members say they own', () => {
  fc.assert(
    fc.property(groups, ({ count, members }) => {
      const assigned = [...assignSticky(upTo(count), members).values()];

      assert.deepEqual(
        assigned.flat().sort((a, b) => a - b),
        upTo(count),
      );
      assert.equal(assigned.length, members.length);
      const sizes = assigned.map(({ length }) => length);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
    }),
  );
});

test('is the same for any order of the members', () => {
  fc.assert(
    fc.property(groups, ({ count, members }) => {
      const forth = assignSticky(upTo(count), members);
      const back = assignSticky(upTo(count), [...members].reverse());

      for (const { id } of members) assert.deepEqual(back.get(id), forth.get(id));
    }),
  );
});

test('moves no more than has to move when a member comes or goes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 6 }), (count, size) => {
      const from = (assigned: ReadonlyMap<string, readonly number[]>): GroupMember[] =>
        [...assigned].map(([id, owned]) => ({ id, owned }));
      const fresh = upTo(size).map((i): GroupMember => ({ id: `m${i}`, owned: [] }));
      const before = assignSticky(upTo(count), fresh);

      const same = assignSticky(upTo(count), from(before));
      const more = assignSticky(upTo(count), [...from(before), { id: 'new', owned: [] }]);
      const fewer = assignSticky(upTo(count), from(before).slice(1));

      assert.deepEqual(same, before);
      const moved = [...more].flatMap(([id, own]) => own.filter((p) => !before.get(id)?.includes(p)));
      assert.deepEqual(moved, more.get('new'), 'only what the new one gets has moved');
      for (const [id, own] of fewer)
        for (const partition of before.get(id) as number[]) assert.ok(own.includes(partition), 'kept');
    }),
  );
});
