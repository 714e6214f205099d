/** A Prometheus that scrapes an embedded instance as deploy/prometheus does compose, but each second. */
import { existsSync, readFileSync } from 'node:fs';
import {
  acquirePrometheus,
  type EmbeddedDeployment,
  type NoPrometheus,
  root,
  type TestPrometheus,
} from '@precede/testkit';

const services = ['ingest', 'sessionizer', 'scorer', 'enforcer', 'control'] as const;

const target = (service: string, address: string): string =>
  `      - targets: [${new URL(address).host}]\n        labels: { service: ${service} }`;

const configOf = ({ addresses }: EmbeddedDeployment, rules: readonly string[]): string => `global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [${rules.join(', ')}]
scrape_configs:
  - job_name: precede
    static_configs:
${services.map((service) => target(service, addresses[service])).join('\n')}
`;

/** Fires at once: what shows alerts must have one to show. */
const alwaysOn = `groups:
  - name: test
    rules:
      - alert: PrecedeAlwaysOn
        expr: up{job="precede"} == 1
        labels: { severity: none }
`;

export const scrape = (d: EmbeddedDeployment): Promise<TestPrometheus | NoPrometheus> => {
  const alerts = `${root}deploy/helm/precede/files/alerts.yaml`;
  const files = {
    'always-on.yml': alwaysOn,
    ...(existsSync(alerts) ? { 'alerts.yml': readFileSync(alerts, 'utf8') } : {}),
  };
  return acquirePrometheus(configOf(d, Object.keys(files)), files);
};
