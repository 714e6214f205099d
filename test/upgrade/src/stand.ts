/**
 * Five services on Kafka and ClickHouse, each process of one release or the other. A service is replaced while it works:
 * `surge` starts the new process beside the old one, as a Deployment does; `inPlace` ends the old one first, as for what
 * may be there once only.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  callControl,
  eventually,
  freePort,
  querySql,
  type Running,
  sessionKey,
  startIn,
  token,
} from '@precede/testkit';
import { type Release, thisRelease } from './previous-release.ts';

export const services = ['scorer', 'sessionizer', 'enforcer', 'ingest', 'control'] as const;
export type Service = (typeof services)[number];

export interface Kafka {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
}

interface Part {
  readonly release: Release;
  readonly port: number;
  readonly process: Running;
}

type Env = Readonly<Record<string, string>>;

export class Stand {
  readonly #dir = mkdtempSync(join(tmpdir(), 'precede-upgrade-'));
  readonly #parts = new Map<Service, Part>();
  readonly #kafka: Kafka;
  /** Of topics and groups. */
  readonly prefix = `upgrade-${randomBytes(4).toString('hex')}.`;
  readonly #ended: string[] = [];
  #clickhouse: { readonly url: string; readonly process: Running } | undefined;
  /** When an enforcer was away on purpose. */
  readonly enforcerAway: { fromMs: number; toMs: number }[] = [];
  /** Set for what starts from now on. */
  extraEnv: Env = {};

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  async startClickHouse(): Promise<void> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const args = ['clickhouse', '--data', this.#dir, '--port', String(port)];
    const process = startIn(thisRelease.dir, 'cli/src/main.ts', args, {});
    this.#clickhouse = { url, process };
    await untilOk(`${url}/ping`, process, 'clickhouse');
  }

  /** All at once, as an orchestrator does. */
  async startAll(release: Release): Promise<void> {
    await Promise.all(
      services.map(async (service) => this.#take(service, await this.#start(service, release))),
    );
  }

  async surge(service: Service, release: Release): Promise<void> {
    const next = await this.#start(service, release);
    const old = this.#part(service);
    this.#take(service, next);
    await this.#end(service, old, 'SIGTERM');
  }

  async inPlace(
    service: Service,
    release: Release,
    signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
  ): Promise<void> {
    const old = this.#part(service);
    const fromMs = Date.now();
    await this.#end(service, old, signal);
    this.#take(service, await this.#start(service, release, old.port));
    if (service === 'enforcer') this.enforcerAway.push({ fromMs, toMs: Date.now() });
  }

  async stop(service: Service): Promise<void> {
    await this.#end(service, this.#part(service), 'SIGTERM');
    this.#parts.delete(service);
  }

  async start(service: Service, release: Release): Promise<void> {
    this.#take(service, await this.#start(service, release));
  }

  /** For what is not to become ready: whoever calls ends it. */
  async launch(service: Service, release: Release): Promise<Running> {
    return this.#launch(service, release, await freePort());
  }

  url(service: Service): string {
    return `http://127.0.0.1:${this.#part(service).port}`;
  }

  releaseOf(service: Service): Release {
    return this.#part(service).release;
  }

  control<T>(method: string, path: string, body?: unknown): Promise<T> {
    return callControl(this.url('control'), method, path, body);
  }

  sql(query: string, database?: string): Promise<Record<string, unknown>[]> {
    return querySql(this.#clickhouse?.url ?? '', 'precede', this.#password(), query, database);
  }

  /** A statement that needs no database, or makes one. */
  async statement(text: string): Promise<void> {
    const headers = { 'x-clickhouse-user': 'precede', 'x-clickhouse-key': this.#password() };
    const response = await fetch(`${this.#clickhouse?.url}/`, { method: 'POST', headers, body: text });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${text}: ${answer}`);
  }

  /** What everybody said, for a failed test: the newest last. */
  logs(): string {
    const running = [...this.#parts].map(([service, part]) => told(service, part));
    return [...this.#ended, ...running].join('\n');
  }

  async close(): Promise<void> {
    for (const { process } of this.#parts.values()) process.kill('SIGKILL');
    await Promise.all([...this.#parts.values()].map(({ process }) => process.exited));
    this.#clickhouse?.process.kill('SIGTERM');
    await this.#clickhouse?.process.exited;
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #part(service: Service): Part {
    const part = this.#parts.get(service);
    if (part === undefined) throw new Error(`${service} is not running`);
    return part;
  }

  #take(service: Service, part: Part): void {
    this.#parts.set(service, part);
  }

  async #start(service: Service, release: Release, at?: number): Promise<Part> {
    const port = at ?? (await freePort());
    const process = this.#launch(service, release, port);
    await untilOk(`http://127.0.0.1:${port}/readyz`, process, `${service} of ${release.name}`);
    return { release, port, process };
  }

  #launch(service: Service, release: Release, port: number): Running {
    const name = service.toUpperCase();
    const env = { [`PRECEDE_${name}_HOST`]: '127.0.0.1', [`PRECEDE_${name}_PORT`]: String(port) };
    return startIn(release.dir, `services/${service}/src/main.ts`, [], { ...this.env(), ...env });
  }

  async #end(service: Service, part: Part, signal: NodeJS.Signals): Promise<void> {
    part.process.kill(signal);
    const code = await part.process.exited;
    this.#ended.push(told(`${service} (${signal})`, part).slice(-20_000));
    if (signal === 'SIGTERM' && code !== 0)
      throw new Error(`${service} of ${part.release.name} ended with ${code}:\n${part.process.output()}`);
  }

  #password(): string {
    return readFileSync(join(this.#dir, 'clickhouse/precede.password'), 'utf8').trim();
  }

  /** Of every process of the stand, commands too. */
  env(): Env {
    return {
      PRECEDE_KAFKA_BROKERS: this.#kafka.brokers.join(','),
      PRECEDE_SCHEMA_REGISTRY_URL: this.#kafka.registryUrl,
      PRECEDE_KAFKA_TOPIC_PREFIX: this.prefix,
      PRECEDE_KAFKA_PARTITIONS: '4',
      PRECEDE_KAFKA_REPLICATION_FACTOR: '1',
      PRECEDE_CLICKHOUSE_URL: this.#clickhouse?.url ?? '',
      PRECEDE_CLICKHOUSE_USERNAME: 'precede',
      PRECEDE_CLICKHOUSE_PASSWORD: this.#password(),
      PRECEDE_SESSION_KEY: sessionKey,
      PRECEDE_CONTROL_ADMIN_TOKEN: token,
      // Read by the release before it and after it: what one has written the other must take.
      PRECEDE_ENFORCER_SNAPSHOT_DIR: join(this.#dir, 'snapshots'),
      // A busy machine is no reason to answer without a decision here.
      PRECEDE_ENFORCER_DEADLINE: '10s',
      // Live traffic follows its own times alone until the run ends it: what must come out then depends on the input alone.
      PRECEDE_SESSIONIZER_IDLE_AFTER: '24h',
      // Several beginnings of the journal in a run, written by both releases.
      PRECEDE_SESSIONIZER_JOURNAL: '2000',
      ...this.extraEnv,
    };
  }
}

const told = (name: string, { release, process }: Part): string =>
  `== ${name} of ${release.name}\n${process.output()}`;

const untilOk = async (url: string, process: Running, name: string): Promise<void> => {
  let status: number | null | undefined;
  void process.exited.then((code) => {
    status = code;
  });
  const outcome = await eventually(`${name} ready`, async () => {
    if (status !== undefined) return 'ended';
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok ? 'ready' : undefined;
  }).catch((cause: unknown) => {
    throw new Error(`${name} is not ready:\n${process.output()}`, { cause });
  });
  if (outcome === 'ended') throw new Error(`${name} ended with ${status}:\n${process.output()}`);
};
