import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '@precede/contracts';
import { loadConfig } from './config.ts';
import { tracingFields } from './tracing-config.ts';

const load = (env: Record<string, string>) => loadConfig(tracingFields, env);
const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe('settings of traces', () => {
  test('are off unless told', () => {
    assert.equal(load({}).PRECEDE_OTLP_ENDPOINT, '');
  });

  test('take the endpoint with and without the path of traces', () => {
    for (const text of ['http://collector:4318', 'http://collector:4318/', 'http://collector:4318/v1/traces'])
      assert.equal(load({ PRECEDE_OTLP_ENDPOINT: text }).PRECEDE_OTLP_ENDPOINT, 'http://collector:4318');
  });

  test('read headers as OpenTelemetry writes them', () => {
    const config = load({ PRECEDE_OTLP_HEADERS: 'Authorization=Bearer%20a%2Cb, x-tenant = shop,' });

    assert.deepEqual(config.PRECEDE_OTLP_HEADERS, { authorization: 'Bearer a,b', 'x-tenant': 'shop' });
  });

  for (const text of ['no-value', '=x', 'a b=c', 'a=%zz', 'a=line%0aend'])
    test(`refuse the headers ${JSON.stringify(text)} without showing them`, () => {
      const [fault = ''] = faultsOf({ PRECEDE_OTLP_HEADERS: text });

      assert.match(fault, /^PRECEDE_OTLP_HEADERS: must be name=value pairs/);
      assert.match(fault, /the value is hidden$/);
    });

  test('refuse an endpoint that is no address and a share above 1', () => {
    const faults = faultsOf({ PRECEDE_OTLP_ENDPOINT: 'collector:4318', PRECEDE_TRACE_SAMPLE: '2' });

    assert.equal(faults.length, 2);
  });
});
