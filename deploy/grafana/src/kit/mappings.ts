/** Words in place of 1 and 0. */
import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';

/** `yes`, `no`: the colour of each. */
export const yesNo = (yes: string, no: string): readonly ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: { 1: { text: 'yes', color: yes, index: 0 }, 0: { text: 'no', color: no, index: 1 } },
  },
];
