/**
 * The members of one group on one topic, all in this process, and which partition is whose. A partition changes hands
 * only after its owner has ended its step and closed its task, and stays where it is as long as the shares are even.
 */

export interface Member {
  /** Starts to work on a partition. */
  acquire(partition: number): void;
  /** Resolves when the partition's task is closed. */
  release(partition: number): Promise<void>;
}

/** Even shares (they differ by one at most) that move as few partitions as possible; pure. */
export const shareOut = <M>(current: readonly (M | null)[], members: readonly M[]): (M | null)[] => {
  if (members.length === 0) return current.map(() => null);
  const floor = Math.floor(current.length / members.length);
  let extras = current.length % members.length;
  const counts = new Map<M, number>(members.map((member) => [member, 0]));
  const take = (member: M): boolean => {
    const count = counts.get(member);
    if (count === undefined || count > floor || (count === floor && extras === 0)) return false;
    if (count === floor) extras -= 1;
    counts.set(member, count + 1);
    return true;
  };
  const kept = current.map((owner) => (owner !== null && take(owner) ? owner : null));
  return kept.map((owner) => owner ?? members.find(take) ?? null);
};

export class Group {
  readonly #members: Member[] = [];
  readonly #owners: (Member | null)[];
  #targets: (Member | null)[];
  readonly #moves: (Promise<void> | null)[];

  constructor(partitions: number) {
    this.#owners = Array.from({ length: partitions }, () => null);
    this.#targets = [...this.#owners];
    this.#moves = this.#owners.map(() => null);
  }

  /** Resolves when the member has its share. */
  async join(member: Member): Promise<void> {
    this.#members.push(member);
    await this.#settle();
  }

  /** Resolves when the member has given back all it had. */
  async leave(member: Member): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    await this.#settle();
  }

  async #settle(): Promise<void> {
    this.#targets = shareOut(this.#targets, this.#members);
    await Promise.all(this.#owners.map((_, partition) => this.#move(partition)));
  }

  /** One mover a partition; it follows the target until it has it. */
  #move(partition: number): Promise<void> {
    this.#moves[partition] ??= this.#follow(partition);
    return this.#moves[partition];
  }

  async #follow(partition: number): Promise<void> {
    // The mover is known to others before it looks, and forgotten in the turn of its last look: no change is missed.
    await Promise.resolve();
    for (;;) {
      const owner = this.#owners[partition] ?? null;
      const target = this.#targets[partition] ?? null;
      if (owner === target) {
        this.#moves[partition] = null;
        return;
      }
      if (owner !== null) {
        await owner.release(partition);
        this.#owners[partition] = null;
      } else {
        this.#owners[partition] = target;
        target?.acquire(partition);
      }
    }
  }
}
