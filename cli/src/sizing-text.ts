/** Sizes as a table, one column a rate: what `precede size` prints, and what docs/sizing.md shows. */
import { type Demand, type Pods, type Size, sizeOf } from './sizing.ts';

const number = (n: number): string => Math.round(n).toLocaleString('en-US');
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

const size = (bytes: number): string => {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  const value = bytes / 2 ** (10 * power);
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
};

const podsText = ({ pods, cores, memoryMiB }: Pods): string =>
  `${pods} × ${size(memoryMiB * 2 ** 20)}, ${cores < 10 ? cores.toFixed(cores < 0.1 ? 3 : 1) : number(cores)} cores`;

const lines: readonly [string, (size: Size) => string][] = [
  ['open sessions', (s) => number(s.openSessions)],
  ['partitions', (s) => number(s.partitions)],
  ['ingest', (s) => podsText(s.ingest)],
  ['sessionizer', (s) => podsText(s.sessionizer)],
  ['scorer', (s) => podsText(s.scorer)],
  ['enforcer', (s) => podsText(s.enforcer)],
  ['control', () => '1 × 512 MiB'],
  ['Kafka brokers', (s) => number(s.kafka.brokers)],
  ['Kafka writes, all replicas', (s) => `${size(s.kafka.writtenPerSecond)}/s`],
  ['Kafka disk, all replicas', (s) => size(s.kafka.diskBytes)],
  ['ClickHouse shards', (s) => number(s.clickhouse.shards)],
  ['ClickHouse disk, one replica', (s) => size(s.clickhouse.diskBytes)],
];

/** In Markdown; the cells of a column are of one rate. */
export const sizingTable = (demands: readonly Demand[]): string => {
  const sizes = demands.map(sizeOf);
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    row(['requests a second', ...demands.map(({ rate }) => number(rate))]),
    row(['---', ...demands.map(() => '---')]),
    ...lines.map(([name, tell]) => row([name, ...sizes.map(tell)])),
  ].join('\n');
};
