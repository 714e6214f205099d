import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnavailableError } from '@precede/contracts';
import { createLogger } from './logger.ts';
import { untilAvailable } from './patience.ts';

const logger = createLogger('test', 'fatal');

test('repeats what is unavailable and gives back what it finds', async () => {
  let calls = 0;

  const found = await untilAvailable('x', logger, async () => {
    calls += 1;
    if (calls < 3) throw new UnavailableError('PRECEDE_LOG_UNAVAILABLE', 'away');
    return 'here';
  });

  assert.deepEqual([found, calls], ['here', 3]);
});

test('any other fault ends the waiting', async () => {
  const broken = async (): Promise<never> => {
    throw new Error('broken');
  };

  await assert.rejects(untilAvailable('x', logger, broken), /broken/);
});
