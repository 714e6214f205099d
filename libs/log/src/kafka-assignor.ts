/**
 * Who of a group's members gets which partitions: as even as can be, and otherwise everybody keeps what they have, so
 * that a rebalance moves (and restores) only what has to move. kafkajs's own assignor deals partitions out by the
 * order of member ids, and one more member moves nearly all of them.
 */
import type { PartitionAssigner } from 'kafkajs';
import { assignerProtocol } from './kafka-client.ts';

export interface GroupMember {
  readonly id: string;
  readonly owned: readonly number[];
}

const name = 'PrecedeSticky';
const version = 0;

/** Every partition goes to exactly one member; members' shares differ by one at most. Pure, the same for any order. */
export const assignSticky = (
  partitions: readonly number[],
  members: readonly GroupMember[],
): Map<string, number[]> => {
  const free = new Set(partitions);
  const share = Math.floor(partitions.length / members.length);
  let larger = partitions.length % members.length;
  // Those who have most keep the larger shares.
  const inOrder = members.toSorted((a, b) => b.owned.length - a.owned.length || (a.id < b.id ? -1 : 1));
  const kept = new Map<string, number[]>();
  for (const { id, owned } of inOrder) {
    const own = [...new Set(owned)].filter((partition) => free.has(partition)).sort((a, b) => a - b);
    const isLarger = own.length > share && larger > 0;
    if (isLarger) larger -= 1;
    const mine = own.slice(0, share + (isLarger ? 1 : 0));
    for (const partition of mine) free.delete(partition);
    kept.set(id, mine);
  }
  const left = [...free].sort((a, b) => a - b);
  for (const { id } of inOrder) {
    const mine = kept.get(id) as number[];
    const isLarger = mine.length <= share && larger > 0;
    if (isLarger) larger -= 1;
    const wanted = Math.max(share + (isLarger ? 1 : 0), mine.length);
    mine.push(...left.splice(0, wanted - mine.length));
  }
  return kept;
};

/** `owned` says what this member has when the group asks. */
export const stickyAssigner =
  (topic: string, owned: () => readonly number[]): PartitionAssigner =>
  ({ cluster }) => {
    const { MemberAssignment, MemberMetadata } = assignerProtocol();
    return {
      name,
      version,
      protocol: ({ topics }) => {
        const userData = Buffer.from(JSON.stringify(owned()));
        return { name, metadata: MemberMetadata.encode({ version, topics, userData }) };
      },
      assign: async ({ members }) => {
        const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
        const asked = members.map(({ memberId, memberMetadata }) => ({
          id: memberId,
          owned: readOwned(MemberMetadata.decode(memberMetadata)?.userData),
        }));
        return [...assignSticky(partitions, asked)].map(([memberId, mine]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version,
            assignment: { [topic]: mine },
            userData: Buffer.alloc(0),
          }),
        }));
      },
    };
  };

/** What another member says is not trusted further than to be a wish. */
const readOwned = (userData: Buffer | undefined): number[] => {
  try {
    const said: unknown = JSON.parse(userData?.toString('utf8') ?? '[]');
    return Array.isArray(said) ? said.filter((partition) => Number.isSafeInteger(partition)) : [];
  } catch {
    return [];
  }
};
