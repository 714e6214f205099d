/** A member of a group: it runs one loop for each partition that the group gives it. */
import type { EmbeddedCore } from './embedded-core.ts';
import type { Group, Member } from './embedded-group.ts';
import { PartitionLoop } from './embedded-partition.ts';
import type { Processing, ProcessOptions } from './port.ts';

export const startProcessing = (core: EmbeddedCore, group: Group, options: ProcessOptions): Processing => {
  const loops = new Map<number, PartitionLoop>();
  const open = (): number[] =>
    [...loops.values()]
      .filter((loop) => loop.isOpen)
      .map((loop) => loop.partition)
      .sort((a, b) => a - b);
  const member: Member = {
    acquire(partition) {
      loops.set(partition, new PartitionLoop(core, options, partition, () => options.onPartitions?.(open())));
    },
    async release(partition) {
      await loops.get(partition)?.stop();
      loops.delete(partition);
    },
  };
  const joined = group.join(member);
  let closing: Promise<void> | null = null;
  return {
    ready: joined.then(async () => {
      options.onRebalance?.();
      await Promise.all([...loops.values()].map((loop) => loop.opened));
    }),
    partitions: open,
    progress: () => [...loops.values()].map((loop) => loop.progress.look()),
    ends: async (partitions) =>
      new Map(partitions.map((partition) => [partition, core.store.end(options.topic, partition)])),
    close() {
      closing ??= group.leave(member);
      return closing;
    },
  };
};
