/**
 * What belongs to the machinery of Cloudflare; elsewhere a gateway can at most have data for a host name. The timings
 * are known there only with the answer: a rule on a request never sees them.
 */
import { Bytes, Int } from '../types.ts';
import { declare } from './declare.ts';
import type { Field } from './fields.ts';

export const cloudflareFields: readonly Field[] = [
  ...declare(
    { filledBy: 'metadata', type: Bytes },
    {
      'cf.hostname.metadata': [
        'JSON text that the operator keeps for the host of the request',
        '"{\\"plan\\":\\"gold\\"}"',
      ],
    },
  ),
  ...declare(
    { filledBy: 'nobody', type: Bytes },
    {
      'cf.metal.id': ['Id of the server that handles the request', '"112m4"'],
      'cf.worker.upstream_zone': [
        'Zone of the worker that sent the request; "" if none did',
        '"example.com"',
      ],
      'cf.zone.plan': ['Plan that the zone pays for', '"ENT"'],
    },
  ),
  ...declare(
    { filledBy: 'nobody', type: Int },
    {
      'cf.timings.edge_msec': ["Time that Cloudflare's network took, ms, without origin and transfer", '28'],
      'cf.timings.origin_ttfb_msec': [
        'Time to the first byte of the origin, ms; 0 if answered from the cache',
        '150',
      ],
      'cf.timings.worker_msec': ['Time that a worker took, ms; 0 if none ran', '12'],
    },
  ),
];
