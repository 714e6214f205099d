/** `precede doctor`: asks every part how it is and says in sentences what to do about what is not well. */
import type { Command } from 'commander';
import { type ApiClient, exchange, type Pipeline, type Zone } from './api-client.ts';
import { ExitCode } from './exit.ts';
import { clientOf, type TargetOptions, withTarget } from './options.ts';
import { green, print, printJson, red } from './output.ts';

interface Finding {
  readonly part: string;
  readonly ok: boolean;
  readonly detail: string;
}

export const doctorCommand = (program: Command): void => {
  withTarget(
    program.command('doctor').description('check that every part answers, and how far each is behind'),
  ).action(async (options: TargetOptions) => {
    const findings = await examine(clientOf(options));
    if (options.json === true) printJson(findings);
    else
      for (const f of findings)
        print(`${f.ok ? green('ok  ') : red('FAIL')}  ${f.part.padEnd(12)} ${f.detail}`);
    if (findings.some((f) => !f.ok)) process.exitCode = ExitCode.unavailable;
  });
};

const examine = async (api: ApiClient): Promise<Finding[]> => {
  const control = await attempt('control', async () => {
    const instance = await api.instance();
    return `version ${instance.version}, ${instance.mode}`;
  });
  if (!control.ok) return [control];
  const { addresses } = await api.instance();
  return [
    control,
    await attempt('ingest', () => readiness(addresses.ingest)),
    await attempt('enforcer', () => readiness(addresses.enforcer)),
    await attempt('clickhouse', () => ping(addresses.clickhouse)),
    ...(await progress(api)),
  ];
};

const attempt = async (part: string, check: () => Promise<string>): Promise<Finding> => {
  try {
    return { part, ok: true, detail: await check() };
  } catch (error) {
    return { part, ok: false, detail: (error as Error).message };
  }
};

const readiness = async (address: string): Promise<string> => {
  const response = await exchange(`${address}/readyz`, {});
  const { conditions } = (await response.json()) as {
    conditions: Record<string, { ok: boolean; detail: string }>;
  };
  const failing = Object.entries(conditions).filter(([, each]) => !each.ok);
  if (response.ok) return `ready at ${address}`;
  throw new Error(
    `not ready at ${address}: ${failing.map(([name, each]) => `${name}: ${each.detail}`).join('; ')}`,
  );
};

const ping = async (address: string): Promise<string> => {
  const response = await exchange(`${address}/ping`, {});
  if (!response.ok) throw new Error(`answers ${response.status} at ${address}`);
  return `answers at ${address}`;
};

const progress = async (api: ApiClient): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const zone of (await api.list<Zone>('/zones')).slice(0, 10))
    findings.push(await attempt('zone', () => behind(api, zone)));
  return findings;
};

const behind = async (api: ApiClient, zone: Zone): Promise<string> => {
  const pipeline = await api.get<Pipeline>(`/zones/${zone.id}/api_gateway/pipeline`);
  const requests = pipeline.requests.reduce((sum, p) => sum + Math.max(0, p.end - (p.committed ?? 0)), 0);
  const sequences = pipeline.sequences.reduce((sum, p) => sum + Math.max(0, p.end - (p.stored ?? 0)), 0);
  const scored = pipeline.snapshot === null ? 'no scores yet' : `scores of ${pipeline.snapshot.computed_at}`;
  return `${zone.name}: ${requests} records before the sessionizer, ${sequences} before the scorer (all zones), ${scored}`;
};
