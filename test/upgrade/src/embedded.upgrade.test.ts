/**
 * The data directory of the previous release under this one, back, and forward again: `precede up` on a laptop. One
 * import goes on through all of it, so windows are open at each change, and its counts are those of one that had no break.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { callControl, eventually, freePort, querySql, sessionKey, startIn, token } from '@precede/testkit';
import { decide, endSource, importEvents, makeEvents } from './imports.ts';
import { previousRelease, type Release, thisRelease } from './previous-release.ts';
import { recount } from './recount.ts';
import { differencesOf, storedCounts, storedWindows } from './stored.ts';
import { createZone } from './zone.ts';

const services = ['control', 'ingest', 'enforcer', 'sessionizer', 'scorer', 'clickhouse'] as const;
type Service = (typeof services)[number];

const perPart = 2_000;
const source = 'import-1';

class Instance {
  readonly #dir = mkdtempSync(join(tmpdir(), 'precede-embedded-upgrade-'));
  readonly #ports = new Map<Service, number>();
  #running: ReturnType<typeof startIn> | undefined;

  url(service: Service): string {
    return `http://127.0.0.1:${this.#ports.get(service)}`;
  }

  control<T>(method: string, path: string, body?: unknown): Promise<T> {
    return callControl(this.url('control'), method, path, body);
  }

  sql(query: string): Promise<Record<string, unknown>[]> {
    const password = readFileSync(join(this.#dir, 'clickhouse/precede.password'), 'utf8').trim();
    return querySql(this.url('clickhouse'), 'precede', password, query);
  }

  /** Ends the release that is running, and starts this one on the same directory and ports. */
  async become(release: Release): Promise<void> {
    assert.equal(await this.end(), 0, 'it did not end in order');
    for (const service of services) if (!this.#ports.has(service)) this.#ports.set(service, await freePort());
    const ports = services.flatMap((service) => [`--${service}-port`, String(this.#ports.get(service))]);
    // A busy machine is no reason to answer without a decision here.
    const settings = { PRECEDE_ENFORCER_DEADLINE: '10s' };
    const env = { PRECEDE_TOKEN: token, PRECEDE_SESSION_KEY: sessionKey, ...settings };
    const running = startIn(release.dir, 'cli/src/main.ts', ['up', '--data', this.#dir, ...ports], env);
    this.#running = running;
    let hasEnded = false;
    void running.exited.then(() => {
      hasEnded = true;
    });
    await eventually(`precede up of ${release.name}`, async () => {
      if (hasEnded) return true;
      return running.output().includes('precede is ready') || undefined;
    });
    if (hasEnded) throw new Error(`precede up of ${release.name} ended:\n${running.output()}`);
  }

  async end(): Promise<number | null> {
    this.#running?.kill('SIGTERM');
    return (await this.#running?.exited) ?? 0;
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

test('a data directory goes to this release, back and forward again with its open windows, counts and rules', async (t) => {
  const previous = await previousRelease();
  const instance = new Instance();
  t.after(() => instance.remove());
  await instance.become(previous);
  const zone = await createZone(instance);
  const steps = [previous, thisRelease, previous, thisRelease];
  const events = makeEvents(steps.length * perPart);

  for (const [i, release] of steps.entries()) {
    if (i > 0) await instance.become(release);
    const from = i * perPart;
    await importEvents(instance, zone, source, events.slice(from, from + perPart));
    assert.equal(await decide(instance, zone), 'deny', `the rule under ${release.name}, step ${i}`);
  }
  await endSource(instance, zone, source);

  const ids = zone.operationIds.map((id) => Number.parseInt(id.slice(0, 8), 16));
  const expected = recount(events, (operation) => ids[operation] as number);
  const done = async (): Promise<true | undefined> =>
    (await storedWindows(instance, zone.id)).length === expected.windows.length &&
    differencesOf(expected.counts, await storedCounts(instance, zone.id)).length === 0
      ? true
      : undefined;
  await eventually('the counts', done, 60_000).catch(() => {});
  assert.deepEqual(await storedWindows(instance, zone.id), expected.windows);
  assert.deepEqual(differencesOf(expected.counts, await storedCounts(instance, zone.id)).slice(0, 10), []);
});
