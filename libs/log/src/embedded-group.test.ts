import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Group, type Member, shareOut } from './embedded-group.ts';

const some = fc.record({
  members: fc.uniqueArray(fc.nat(20), { minLength: 1, maxLength: 8 }),
  current: fc.array(fc.option(fc.nat(20), { nil: null }), { maxLength: 24 }),
});

test('shares are even, complete and among the members', () => {
  fc.assert(
    fc.property(some, ({ members, current }) => {
      const shares = shareOut(current, members);

      const counts = members.map((member) => shares.filter((owner) => owner === member).length);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
      assert.equal(
        counts.reduce((sum, n) => sum + n, 0),
        current.length,
      );
    }),
  );
});

test('even shares stay as they are', () => {
  fc.assert(
    fc.property(some, ({ members, current }) => {
      const shares = shareOut(current, members);

      assert.deepEqual(shareOut(shares, members), shares);
    }),
  );
});

test('a partition moves only from those who have too many', () => {
  assert.deepEqual(shareOut(['a', 'a', 'a', 'a'], ['a', 'b']), ['a', 'a', 'b', 'b']);
  assert.deepEqual(shareOut(['a', 'b', 'c', 'a'], ['b', 'c']), ['b', 'b', 'c', 'c']);
  assert.deepEqual(shareOut(['a', 'a'], []), [null, null]);
});

test('no partition has two owners, however members come and go', async () => {
  const held = new Map<number, string>();
  const member = (name: string): Member => ({
    acquire(partition) {
      assert.equal(held.get(partition), undefined, `partition ${partition} is free for ${name}`);
      held.set(partition, name);
    },
    async release(partition) {
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(held.get(partition), name);
      held.delete(partition);
    },
  });
  const group = new Group(8);
  const members = ['a', 'b', 'c', 'd'].map(member);

  await Promise.all(members.map((m) => group.join(m)));
  assert.deepEqual([...held.values()].sort(), ['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd']);
  await Promise.all([
    group.leave(members[0] as Member),
    group.leave(members[2] as Member),
    group.join(member('e')),
  ]);

  assert.equal(held.size, 8);
  assert.deepEqual([...new Set(held.values())].sort(), ['b', 'd', 'e']);
});
