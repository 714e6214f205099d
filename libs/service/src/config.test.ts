import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '@precede/contracts';
import { duration, flag, integer, key, loadConfig, size, text, url } from './config.ts';

const fields = {
  PORT: integer(0, 65_535, 'The port.', '8080'),
  GAP: duration('The gap.', '10m'),
  ROOM: size('The room.', '64MiB'),
  ON: flag('The switch.', 'true'),
  WHERE: url('The place.'),
  NAME: text('The name.', ''),
  KEY: key('The key.'),
};
const given = { WHERE: 'http://localhost:1/', KEY: 'ab'.repeat(32) };

test('reads units, defaults and required values', () => {
  const config = loadConfig(fields, { ...given, GAP: '1.5s', NAME: '' });

  assert.equal(config.PORT, 8080);
  assert.equal(config.GAP, 1500);
  assert.equal(config.ROOM, 64 * 1024 * 1024);
  assert.equal(config.ON, true);
  assert.equal(config.WHERE, 'http://localhost:1');
  assert.equal(config.KEY.length, 32);
});

test('reports every fault at once, with name, rule and value, and hides secrets', () => {
  const env = { PORT: '70000', GAP: '10', ROOM: '1MB', ON: 'yes', WHERE: 'kafka:9092', KEY: 'hunter2' };

  const faults = (() => {
    try {
      loadConfig(fields, env);
      return [];
    } catch (error) {
      return error instanceof ConfigError ? error.faults : [];
    }
  })();

  assert.equal(faults.length, 6);
  assert.match(faults[0] ?? '', /^PORT: must be a whole number from 0 to 65535, got "70000"/);
  assert.ok(!faults.join('\n').includes('hunter2'));
});

test('names a variable that must be set and what it is for', () => {
  assert.throws(() => loadConfig(fields, { KEY: given.KEY }), /WHERE: must be set .*The place\./);
});
