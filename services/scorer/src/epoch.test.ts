import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EPOCH_OFFSETS, Epochs } from './epoch.ts';

const hourMs = 3_600_000;
const log = fc
  .array(fc.record({ gap: fc.nat(EPOCH_OFFSETS), wait: fc.nat(hourMs) }), { minLength: 1, maxLength: 40 })
  .map((steps) => {
    let offset = 0;
    let appendTimeMs = Date.UTC(2026, 0, 1);
    return steps.map(({ gap, wait }) => {
      offset += gap + 1;
      appendTimeMs += wait;
      return { offset, appendTimeMs };
    });
  });

test('epochs are a function of the log, from whichever epoch a reader starts', () => {
  fc.assert(
    fc.property(log, (records) => {
      const whole = new Epochs();
      const epochs = records.map((record) => whole.of(record));

      records.forEach((_, start) => {
        const late = new Epochs();
        assert.deepEqual(
          records.slice(start).map((record) => late.of(record)),
          epochs.slice(start),
        );
      });
    }),
  );
});

test('epochs rise with the offset, stay whole numbers, and hold a block of one hour at most', () => {
  fc.assert(
    fc.property(log, (records) => {
      const reader = new Epochs();
      let last = { epoch: 0, offset: 0, appendTimeMs: 0 };
      for (const record of records) {
        const epoch = reader.of(record);
        assert.ok(Number.isSafeInteger(epoch) && epoch >= last.epoch);
        if (epoch === last.epoch) {
          assert.ok(record.offset - last.offset < EPOCH_OFFSETS);
          assert.equal(Math.floor(record.appendTimeMs / hourMs), Math.floor(last.appendTimeMs / hourMs));
        }
        last = epoch === last.epoch ? last : { epoch, ...record };
      }
    }),
  );
});
