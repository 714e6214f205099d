/** A real Prometheus over given targets and rules, and what fires in it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort, startProgram } from '@precede/testkit';
import { stringify } from 'yaml';

export interface Firing {
  readonly alertname: string;
  readonly severity: string;
  readonly service: string;
  readonly summary: string;
}

export interface Prometheus {
  firing(): Promise<readonly Firing[]>;
  close(): Promise<void>;
}

/** Why there is none; undefined: there is. */
export const missing = (program: string): string | undefined =>
  spawnSync(program, ['--version']).error === undefined ? undefined : `${program} is not installed`;

interface AlertView {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** `targets`: host:port by service. Scrapes every second. */
export const startPrometheus = async (
  targets: Readonly<Record<string, string>>,
  rules: string,
): Promise<Prometheus> => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-prometheus-'));
  const port = await freePort();
  writeFileSync(join(dir, 'rules.yaml'), rules);
  writeFileSync(join(dir, 'prometheus.yaml'), configOf(targets));
  const running = startProgram('prometheus', [
    `--config.file=${join(dir, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const base = `http://127.0.0.1:${port}`;
  await eventually('prometheus ready', async () => (await fetch(`${base}/-/ready`)).ok || undefined);
  return {
    firing: async () => {
      const response = await fetch(`${base}/api/v1/alerts`);
      const { data } = (await response.json()) as { data: { alerts: readonly AlertView[] } };
      return data.alerts.filter(({ state }) => state === 'firing').map(toFiring);
    },
    close: async () => {
      running.kill('SIGTERM');
      await running.exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

const toFiring = ({ labels, annotations }: AlertView): Firing => ({
  alertname: labels['alertname'] ?? '',
  severity: labels['severity'] ?? '',
  service: labels['service'] ?? '',
  summary: annotations['summary'] ?? '',
});

const configOf = (targets: Readonly<Record<string, string>>): string =>
  stringify({
    global: { scrape_interval: '1s', scrape_timeout: '900ms', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [
      {
        job_name: 'precede',
        static_configs: Object.entries(targets).map(([service, target]) => ({
          targets: [target],
          labels: { service },
        })),
      },
    ],
  });
