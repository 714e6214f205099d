/**
 * What other engines in front of Precede say of the content of the request, if the gateway passes it along: attack
 * scores, leaked credentials, uploads, schemas, prompts, e-mail addresses, threat intelligence.
 */
import { arrayOf, Bool, Bytes, Int, mapOf } from '../types.ts';
import { declare } from './declare.ts';
import type { Field } from './fields.ts';

const text = { filledBy: 'metadata', type: Bytes } as const;
const number = { filledBy: 'metadata', type: Int } as const;
const flag = { filledBy: 'metadata', type: Bool } as const;
const list = { filledBy: 'metadata', type: arrayOf(Bytes) } as const;

const attacks: readonly Field[] = [
  ...declare(number, {
    'cf.threat_score': [
      '0 to 100: the higher, the worse the client; Cloudflare itself now always has 0',
      '10',
    ],
    'cf.waf.score': ['1 to 99: the lower, the more likely any attack; 100 if it was not scored', '20'],
    'cf.waf.score.rce': ['1 to 99: the lower, the more likely an attempt to run code', '20'],
    'cf.waf.score.sqli': ['1 to 99: the lower, the more likely an SQL injection', '20'],
    'cf.waf.score.xss': ['1 to 99: the lower, the more likely cross-site scripting', '20'],
  }),
  ...declare(text, {
    'cf.waf.score.class': ['Range of cf.waf.score: attack, likely_attack, likely_clean or clean', '"attack"'],
  }),
  ...declare(flag, {
    'cf.api_gateway.request_violates_schema': 'Whether the request breaks the schema saved for its operation',
    'cf.schema_validation.learned.violated': 'Whether the request breaks the profile learned from traffic',
    'cf.schema_validation.uploaded.violated': 'Whether the request breaks the schema that was uploaded',
    'cf.waf.auth_detected': 'Whether credentials were found in the request',
    'cf.waf.credential_check.password_leaked': 'Whether the password of the request is in a known leak',
    'cf.waf.credential_check.username_and_password_leaked':
      'Whether the very pair of user and password is in a known leak',
    'cf.waf.credential_check.username_leaked': 'Whether the user name of the request is in a known leak',
    'cf.waf.credential_check.username_password_similar':
      'Whether a pair much like that of the request is in a known leak',
  }),
];

/** The arrays hold one item for each object, in the order in which the objects were found. */
const uploads: readonly Field[] = [
  ...declare(flag, {
    'cf.waf.content_scan.has_failed': 'Whether an object in the request could not be scanned',
    'cf.waf.content_scan.has_malicious_obj': 'Whether an object in the request is malicious',
    'cf.waf.content_scan.has_obj': 'Whether the request contains an object such as a file',
  }),
  ...declare(number, {
    'cf.waf.content_scan.num_malicious_obj': ['How many objects in the request are malicious', '1'],
    'cf.waf.content_scan.num_obj': ['How many objects the request contains', '3'],
  }),
  ...declare(
    { filledBy: 'metadata', type: arrayOf(Int) },
    {
      'cf.waf.content_scan.obj_sizes': ['Size of each object in bytes', '512000'],
    },
  ),
  ...declare(list, {
    'cf.waf.content_scan.obj_results': [
      'Verdict on each object: clean, suspicious, infected or not scanned',
      '"infected"',
    ],
    'cf.waf.content_scan.obj_types': [
      'Media type of each object; application/octet-stream if not known',
      '"application/pdf"',
    ],
  }),
];

const prompts: readonly Field[] = [
  ...declare(flag, {
    'cf.llm.prompt.detected': 'Whether the request contains a prompt for a language model',
    'cf.llm.prompt.pii_detected':
      'Whether the prompt contains personal data; same as pii_categories not being empty',
    'cf.llm.prompt.unsafe_topic_detected':
      'Whether the prompt is on an unsafe topic; same as unsafe_topic_categories not being empty',
  }),
  ...declare(number, {
    'cf.llm.prompt.injection_score': [
      '1 to 99: the lower, the more likely a prompt injection; 100 if it was not scored',
      '20',
    ],
    'cf.llm.prompt.token_count': ['Estimated length of the prompt in tokens', '4000'],
  }),
  ...declare(list, {
    'cf.llm.prompt.pii_categories': ['Kinds of personal data in the prompt', '"EMAIL_ADDRESS"'],
    'cf.llm.prompt.unsafe_topic_categories': ['Unsafe topics of the prompt, S1 to S14', '"S2"'],
  }),
  ...declare(
    { filledBy: 'metadata', type: mapOf(Int) },
    {
      'cf.llm.prompt.custom_topic_categories': [
        'Label of a topic of your own → 1 to 99: the lower, the nearer the prompt is to it',
        '30',
      ],
    },
  ),
];

const intelligence: readonly Field[] = [
  ...declare(flag, {
    'cf.fraud_detection.disposable_domain':
      'Whether the domain of the e-mail address is of a throw-away service',
    'cf.fraud_detection.disposable_email':
      'Whether the e-mail address of a sign-up is of a throw-away service',
  }),
  ...declare(text, {
    'cf.fraud.email_risk': [
      'How random the e-mail address of a sign-up looks: low, medium, high, unknown',
      '"high"',
    ],
  }),
  ...declare(
    { filledBy: 'nobody', type: arrayOf(Bytes) },
    {
      'cf.intel.ip.attacker_countries': [
        'Countries that threats from this address came from, two letters each',
        '"PT"',
      ],
      'cf.intel.ip.attacker_names': [
        "Attackers tied to this address, by Cloudflare's own names",
        '"EXAMPLE ACTOR"',
      ],
      'cf.intel.ip.datasets': ['Data sets of Cloudflare that list this address: ddos, waf', '"ddos"'],
      'cf.intel.ip.target_countries': ['Countries that this address has attacked, two letters each', '"PT"'],
      'cf.intel.ip.target_industries': [
        "Industries that this address has attacked, by Cloudflare's own names",
        '"Retail"',
      ],
    },
  ),
];

export const detectionFields: readonly Field[] = [...attacks, ...uploads, ...prompts, ...intelligence];
