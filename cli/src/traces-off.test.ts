/** What traces cost while they are off: nothing is loaded for them, in no service. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

/** Loads every service as embedded mode does, starts the traces of one, and tells which packages of OpenTelemetry came. */
const script = `
  import { registerHooks } from 'node:module';
  const loaded = new Set();
  registerHooks({
    load(url, context, next) {
      const name = /@opentelemetry\\/([^/]+)/.exec(url)?.[1];
      if (name !== undefined) loaded.add(name);
      return next(url, context);
    },
  });
  await import('./embedded.ts');
  const { createLogger, createMetrics, loadConfig, startTracing, tracingFields } = await import('@precede/service');
  const logger = createLogger('test', 'fatal');
  const config = loadConfig(tracingFields, process.env);
  await startTracing(config, { name: 'test', messagingSystem: 'kafka', logger, registry: createMetrics() });
  process.stdout.write(JSON.stringify([...loaded].sort()));
  process.exit();
`;

const packagesWith = (env: Readonly<Record<string, string>>): readonly string[] =>
  JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: import.meta.dirname,
      env: { PATH: process.env['PATH'], ...env },
      encoding: 'utf8',
    }),
  ) as readonly string[];

test('without an endpoint nothing of the SDK is loaded, whatever OpenTelemetry variables a platform sets', () => {
  const platform = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_TRACES_EXPORTER: 'otlp' };

  // The interface alone comes with prom-client.
  assert.deepEqual(packagesWith(platform), ['api']);
});

test('with an endpoint it is', () => {
  const packages = packagesWith({ PRECEDE_OTLP_ENDPOINT: 'http://127.0.0.1:4318' });

  assert.ok(packages.includes('sdk-trace') && packages.includes('exporter-trace-otlp-proto'));
});
