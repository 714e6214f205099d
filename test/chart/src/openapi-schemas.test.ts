import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemasOf } from './openapi-schemas.ts';

test('references are followed, members that are not named are refused, and a definition within itself is open', () => {
  const definitions = {
    Thing: {
      type: 'object',
      description: 'left out',
      required: ['size'],
      properties: {
        size: { type: 'string', format: 'int-or-string' },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        parts: { type: 'array', items: { $ref: '#/definitions/Part' } },
      },
      'x-kubernetes-group-version-kind': [{ group: 'apps.example.com', kind: 'Thing', version: 'v1' }],
    },
    Part: { type: 'object', properties: { inner: { $ref: '#/definitions/Part' } } },
  };

  const schemas = schemasOf({ definitions });

  assert.deepEqual([...schemas.keys()], ['thing-apps-v1.json']);
  assert.deepEqual(schemas.get('thing-apps-v1.json'), {
    type: 'object',
    required: ['size'],
    properties: {
      size: { type: ['string', 'integer'] },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      parts: {
        type: 'array',
        items: { type: 'object', properties: { inner: {} }, additionalProperties: false },
      },
    },
    additionalProperties: false,
  });
});
