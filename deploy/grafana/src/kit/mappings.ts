/** Words in place of numbers. */
import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';

/** `yes`, `no`: the colour of each. */
export const yesNo = (yes: string, no: string): readonly ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: { 1: { text: 'yes', color: yes, index: 0 }, 0: { text: 'no', color: no, index: 1 } },
  },
];

/** The number is a place in the list. */
export const words = (...texts: readonly string[]): readonly ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(texts.map((text, index) => [index, { text, index }])),
  },
];
