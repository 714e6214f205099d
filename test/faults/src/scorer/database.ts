/** A ClickHouse of the run's own, to be killed and started again on the same data and port. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ClickHouse,
  connectClickHouse,
  type EmbeddedClickHouse,
  migrate,
  startEmbeddedClickHouse,
} from '@precede/clickhouse';

export class Database {
  kills = 0;
  readonly #dir: string;
  #server: EmbeddedClickHouse;
  #client: ClickHouse;

  private constructor(dir: string, server: EmbeddedClickHouse) {
    this.#dir = dir;
    this.#server = server;
    this.#client = connect(server);
  }

  static async start(): Promise<Database> {
    const dir = await mkdtemp(join(tmpdir(), 'precede-faults-ch-'));
    const database = new Database(dir, await startEmbeddedClickHouse({ dir, httpPort: 0 }));
    await database.client.createDatabase();
    await migrate(database.client);
    return database;
  }

  get url(): string {
    return this.#server.url;
  }

  /** Straight to the server, past every proxy. */
  get client(): ClickHouse {
    return this.#client;
  }

  /** What a scorer needs to come to it at the address of a proxy. */
  env(url: string): Record<string, string> {
    return {
      PRECEDE_CLICKHOUSE_URL: url,
      PRECEDE_CLICKHOUSE_USERNAME: this.#server.username,
      PRECEDE_CLICKHOUSE_PASSWORD: this.#server.password,
    };
  }

  /** kill -9, and a start. */
  async crash(): Promise<void> {
    const port = Number(new URL(this.#server.url).port);
    process.kill(this.#server.pid, 'SIGKILL');
    await this.#server.exited;
    this.kills += 1;
    this.#server = await startEmbeddedClickHouse({ dir: this.#dir, httpPort: port });
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#server.close();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

const connect = ({ url, username, password }: EmbeddedClickHouse): ClickHouse =>
  connectClickHouse({ url, database: 'precede', username, password, requestTimeoutMs: 60_000 });
