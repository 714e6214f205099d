/** What a bot detection in front of Precede says of the client, if the gateway passes it along. */
import { arrayOf, Bool, Bytes, Int } from '../types.ts';
import { alias, declare } from './declare.ts';
import type { Field } from './fields.ts';

const flag = { filledBy: 'metadata', type: Bool } as const;

export const botFields: readonly Field[] = [
  ...declare(flag, {
    'cf.bot_management.corporate_proxy':
      'Whether the client sits behind a known corporate proxy or secure web gateway',
    'cf.bot_management.js_detection.passed': 'Whether the client has passed a JavaScript check before',
    'cf.bot_management.signed_agent':
      'Whether the client is a known agent that signs its requests (Web Bot Auth)',
    'cf.bot_management.static_resource':
      'Whether the request is for a static file, which bot rules often leave out',
    'cf.bot_management.verified_bot': 'Whether the client is a known good bot or crawler',
  }),
  ...alias(flag, { 'cf.client.bot': 'cf.bot_management.verified_bot' }),
  ...declare(
    { filledBy: 'metadata', type: Int },
    {
      'cf.bot_management.score': ['1 to 99: the lower, the more likely a bot', '30'],
    },
  ),
  ...declare(
    { filledBy: 'metadata', type: Bytes },
    {
      'cf.bot_management.ja3_hash': [
        'JA3 fingerprint of the TLS client',
        '"d41d8cd98f00b204e9800998ecf8427e"',
      ],
      'cf.bot_management.ja4': [
        'JA4 fingerprint of the TLS client',
        '"t13d1516h2_8daaf6152771_b186095e22b6"',
      ],
      'cf.verified_bot_category': ['Purpose of a known good bot', '"Search Engine Crawler"'],
    },
  ),
  ...declare(
    { filledBy: 'nobody', type: arrayOf(Int) },
    {
      'cf.bot_management.detection_ids': [
        "Numbers of Cloudflare's own heuristics that matched the request",
        '33554817',
      ],
    },
  ),
];
