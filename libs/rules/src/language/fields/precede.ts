/**
 * What Precede itself knows: the operations of the session (docs/semantics.md, Sequence rules), and whether the request
 * has a session, an operation, a zone, an identity.
 */
import { arrayOf, Bool, Bytes, Int, mapOf } from '../types.ts';
import { alias, declare } from './declare.ts';
import type { Field } from './fields.ts';

const flag = { filledBy: 'precede', type: Bool } as const;

export const precedeFields: readonly Field[] = [
  ...declare(
    { filledBy: 'sequence', type: Bytes },
    {
      'cf.sequence.current_op': [
        'Short id of the operation of the request; "" if none is saved for it',
        '"c821cc00"',
      ],
    },
  ),
  ...declare(
    { filledBy: 'sequence', type: arrayOf(Bytes) },
    {
      'cf.sequence.previous_ops': [
        'Short ids of up to 10 operations of the last hour before this one, newest first, with repeats',
        '"f54dac32"',
      ],
    },
  ),
  ...declare(
    { filledBy: 'sequence', type: mapOf(Int) },
    {
      'cf.sequence.msec_since_op': [
        'Short id of an earlier operation → milliseconds since it was last seen',
        '2000',
      ],
    },
  ),
  ...declare(flag, {
    'cf.api_gateway.auth_id_present':
      'Whether the request carries one of the session identifiers of the zone',
    'cf.api_gateway.fallthrough_detected': 'Whether the request matches no saved operation of the zone',
  }),
  ...alias(flag, { 'cf.api_gateway.fallthrough_triggered': 'cf.api_gateway.fallthrough_detected' }),
  ...declare(
    { filledBy: 'precede', type: Bytes },
    {
      'cf.random_seed': 'Random bytes, new for each request and the same for all its rules, for uuidv4',
      'cf.ray_id': ['Id of the request', '"8a2b4c6d8e0f1a2b"'],
      'cf.zone.name': ['Name of the zone', '"example.com"'],
    },
  ),
];
