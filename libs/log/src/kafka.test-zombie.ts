/**
 * The member that is stopped in the middle of a step: node kafka.test-zombie.ts OPTIONS, OPTIONS being TestOptions as JSON.
 * Writes `in step` once it has records, ends that step when a line comes, and writes the code of the first error.
 */
import { once } from 'node:events';
import { Topic } from '@precede/contracts';
import { openForChild } from './kafka.test-child.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const log = await openForChild(process.argv[2] ?? '{}');
let isFirst = true;
await log.process({
  group: 'zombies',
  topic: Topic.config,
  isTransactional: true,
  onError: (error) => say(`error ${(error as { code?: string }).code}`),
  open: async () => ({
    step: async ({ records, position }) => {
      if (records.length === 0) return { outputs: [], commit: null };
      if (isFirst) {
        isFirst = false;
        say('in step');
        await once(process.stdin, 'data');
      }
      const outputs = records.map(({ key }) => ({
        topic: Topic.sessions,
        key: key as Buffer,
        value: Buffer.from('zombie'),
      }));
      return { outputs, commit: position };
    },
    close: async () => {},
  }),
});
