/**
 * The faults, each until all of its processes run again. What they do to the group is left to work itself out while
 * input goes on and the next fault comes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestKafka } from '@precede/testkit';
import type { Member } from './members.ts';
import { type Random, shuffle } from './random.ts';

export const Fault = {
  /** kill -9 of one member; a new one comes. */
  kill: 'kill',
  /** kill -9 of all members at once. */
  killAll: 'kill all',
  /** One member is stopped until the group has given its partitions away, and wakes as a zombie. */
  pause: 'pause',
  /** One member ends in order; a new one comes. */
  restart: 'restart',
  /** More members than partitions, then as many as before. */
  crowd: 'crowd',
  brokerKill: 'broker kill',
  brokerStop: 'broker stop',
} as const;
export type Fault = (typeof Fault)[keyof typeof Fault];

const shares: readonly (readonly [Fault, short: number, long: number])[] = [
  [Fault.kill, 2, 18],
  [Fault.killAll, 1, 4],
  [Fault.pause, 2, 12],
  [Fault.restart, 2, 12],
  [Fault.crowd, 1, 6],
  [Fault.brokerKill, 1, 6],
  [Fault.brokerStop, 1, 6],
];

export const planFaults = (isLong: boolean, random: Random): Fault[] => {
  const all = shares.flatMap(([fault, short, long]) =>
    Array.from({ length: isLong ? long : short }, () => fault),
  );
  return shuffle(all, random);
};

export interface Surroundings {
  readonly members: Member[];
  readonly broker: NonNullable<TestKafka['broker']>;
  readonly random: Random;
  readonly partitions: number;
  startMember(): Promise<Member>;
  /** Resolves when every record that is in the input now has been committed. */
  untilTaken(): Promise<void>;
}

/** Kafka's, as the group is joined with it (libs/log). */
const sessionTimeoutMs = 10_000;

export const inject = async (fault: Fault, around: Surroundings): Promise<void> => {
  const { members, broker, random } = around;
  switch (fault) {
    case Fault.kill:
      return replace(around, random.below(members.length), 'SIGKILL');
    case Fault.restart:
      return replace(around, random.below(members.length), 'SIGTERM');
    case Fault.killAll:
      await Promise.all(members.splice(0).map((member) => member.end('SIGKILL')));
      while (members.length < usual) members.push(await around.startMember());
      return;
    case Fault.pause: {
      const member = random.pick(members);
      member.pause();
      await sleep(sessionTimeoutMs + 1_000);
      await around.untilTaken();
      member.resume();
      return;
    }
    case Fault.crowd:
      return crowd(around);
    case Fault.brokerKill:
    case Fault.brokerStop:
      await broker.end(fault === Fault.brokerKill ? 'kill' : 'stop');
      await sleep(random.below(sessionTimeoutMs + 2_000));
      await broker.start();
      return;
    default:
      fault satisfies never;
  }
};

export const usual = 3;

const replace = async (around: Surroundings, at: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
  const [member] = around.members.splice(at, 1);
  await member?.end(signal);
  await sleep(around.random.below(1_500));
  around.members.push(await around.startMember());
};

/** Some of the newcomers have nothing to do; then they go, the oldest first, so that others have to take over. */
const crowd = async (around: Surroundings): Promise<void> => {
  const { members, partitions } = around;
  while (members.length <= partitions) members.push(await around.startMember());
  await around.untilTaken();
  while (members.length > usual) await members.shift()?.end('SIGTERM');
};
