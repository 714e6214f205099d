/** Where the address of the client is, by a geography database of the gateway; ip.geoip.* are the names of before. */
import { Bool, Bytes, Int } from '../types.ts';
import { alias, declare } from './declare.ts';
import type { Field } from './fields.ts';

const text = { filledBy: 'metadata', type: Bytes } as const;
const number = { filledBy: 'metadata', type: Int } as const;
const flag = { filledBy: 'metadata', type: Bool } as const;

export const ipFields: readonly Field[] = [
  ...declare(text, {
    'ip.src.city': ['City of the client', '"Lisbon"'],
    'ip.src.continent': [
      'Continent of the client: AF, AN, AS, EU, NA, OC, SA, or T1 for the Tor network',
      '"EU"',
    ],
    'ip.src.country': ['Country of the client, two letters of ISO 3166-1 alpha-2', '"PT"'],
    'ip.src.lat': [
      'Latitude of the client in degrees, as text: it cannot be compared as a number',
      '"38.72"',
    ],
    'ip.src.lon': [
      'Longitude of the client in degrees, as text: it cannot be compared as a number',
      '"-9.14"',
    ],
    'ip.src.metro_code': ['Metropolitan (DMA) code of the client, as text', '"501"'],
    'ip.src.postal_code': ['Postal code of the client', '"1000-001"'],
    'ip.src.region': ['Name of the region of the client', '"Lisbon"'],
    'ip.src.region_code': ['Code of the region of the client', '"11"'],
    'ip.src.subdivision_1_iso_code': [
      'First-level region of the client by ISO 3166-2; "" if not known',
      '"PT-11"',
    ],
    'ip.src.subdivision_2_iso_code': [
      'Second-level region of the client by ISO 3166-2; "" if not known',
      '"GB-SWK"',
    ],
    'ip.src.timezone.name': ['Time zone of the client by its IANA name', '"Europe/Lisbon"'],
  }),
  ...declare(number, {
    'ip.src.asnum': ['Number of the autonomous system of the client, 16 or 32 bits', '64496'],
  }),
  ...declare(flag, {
    'ip.src.is_in_european_union': 'Whether the country of the client belongs to the European Union',
  }),
  ...alias(text, {
    'ip.geoip.continent': 'ip.src.continent',
    'ip.geoip.country': 'ip.src.country',
    'ip.geoip.subdivision_1_iso_code': 'ip.src.subdivision_1_iso_code',
    'ip.geoip.subdivision_2_iso_code': 'ip.src.subdivision_2_iso_code',
  }),
  ...alias(number, { 'ip.geoip.asnum': 'ip.src.asnum' }),
  ...alias(flag, { 'ip.geoip.is_in_european_union': 'ip.src.is_in_european_union' }),
];
