/** From which number on a panel turns orange and red. Where an alert watches the number, red is the alert's own bound. */
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';

export interface Levels {
  readonly warn?: number;
  readonly bad?: number;
  /** Small numbers are the bad ones: red up to `bad`, orange up to `warn`. */
  readonly below?: boolean;
}

interface Step {
  readonly value: number | null;
  readonly color: string;
}

const defined = (steps: readonly { value: number | undefined; color: string }[]): readonly Step[] =>
  steps.flatMap(({ value, color }) => (value === undefined ? [] : [{ value, color }]));

const rising = ({ warn, bad }: Levels): readonly Step[] => [
  { value: null, color: 'green' },
  ...defined([
    { value: warn, color: 'orange' },
    { value: bad, color: 'red' },
  ]),
];

/** The colour of a step holds from its value on. */
const falling = ({ warn, bad }: Levels): readonly Step[] => [
  { value: null, color: bad === undefined ? 'orange' : 'red' },
  ...defined([
    { value: warn === undefined ? undefined : bad, color: 'orange' },
    { value: warn ?? bad, color: 'green' },
  ]),
];

/** Without levels a number is neither good nor bad: one colour that means nothing. */
export const thresholds = (levels: Levels | undefined): ThresholdsConfigBuilder => {
  const steps = levels === undefined ? [{ value: null, color: 'blue' }] : stepsOf(levels);
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps]);
};

const stepsOf = (levels: Levels): readonly Step[] =>
  levels.below === true ? falling(levels) : rising(levels);
