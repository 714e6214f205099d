import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IdSet } from './id-set.ts';

test('keeps ids in the order they came, whatever their number', () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('add'), id: fc.nat(60) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), id: fc.nat(60) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('deleteOldest'), id: fc.constant(0) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80, size: 'max' }), (actions) => {
      const ids = new IdSet();
      let model: string[] = [];
      for (const { kind, id: number } of actions) {
        const id = `id-${number}`;
        assert.equal(ids.has(id), model.includes(id));
        if (kind === 'deleteOldest') {
          ids.deleteOldest();
          model = model.slice(1);
        } else if (kind === 'delete') {
          ids.delete(id);
          model = model.filter((each) => each !== id);
        } else if (!model.includes(id)) {
          ids.add(id);
          model.push(id);
        }
        assert.equal(ids.size, model.length);
      }
      assert.deepEqual(ids.values(), model);
      assert.deepEqual(IdSet.from(model).values(), model);
    }),
  );
});
