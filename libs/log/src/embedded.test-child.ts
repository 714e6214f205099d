/** How the contract suite's child processes open the embedded log. */
import { openEmbeddedLog } from './embedded.ts';
import type { EventLog } from './port.ts';

export const openForChild = (dir: string): Promise<EventLog> => openEmbeddedLog({ dir, partitions: 4 });
