import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeEventLogContract, type EventLogHarness } from '@precede/testkit';
import { openEmbeddedLog } from './embedded.ts';

const makeHarness = async (): Promise<EventLogHarness> => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-log-'));
  return {
    open: ({ partitions = 4 } = {}) => openEmbeddedLog({ dir, partitions }),
    child: { module: new URL('./embedded.test-child.ts', import.meta.url), argument: dir },
    dispose: async () => rmSync(dir, { recursive: true, force: true }),
  };
};

describeEventLogContract('embedded', makeHarness);
