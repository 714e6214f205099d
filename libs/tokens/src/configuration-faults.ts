/** What is wrong with a token configuration, all of it: asked before one is written, and before one takes effect. */
import type { TokenConfiguration } from '@precede/contracts';
import { isTokenAlgorithm, tokenAlgorithms } from './algorithms.ts';
import { keysUrlFault } from './fetch-keys.ts';
import { keyFault, maxKeys } from './key-set.ts';
import { parseTokenSource } from './token-source.ts';

export interface ConfigurationFault {
  /** Within the configuration: `['sources', 0]`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Checked = Pick<TokenConfiguration, 'sources' | 'algorithms' | 'keys' | 'jwksUrl'>;

/** In the order of the fields. */
export const tokenConfigurationFaults = (config: Checked): readonly ConfigurationFault[] => [
  ...faultsOfEach('sources', config.sources, sourceFault),
  ...faultsOfEach('algorithms', config.algorithms, algorithmFault),
  ...(config.algorithms.length === 0
    ? [{ path: ['algorithms'], message: 'a configuration allows at least one algorithm' }]
    : []),
  ...faultsOfEach('keys', config.keys, keyFault),
  ...faultsOfKeys(config),
];

const faultsOfEach = <T>(
  field: keyof Checked,
  items: readonly T[],
  faultOf: (item: T) => string | null,
): readonly ConfigurationFault[] =>
  items.flatMap((item, at) => {
    const message = faultOf(item);
    return message === null ? [] : [{ path: [field, at], message }];
  });

const sourceFault = (text: string): string | null => {
  const parsed = parseTokenSource(text);
  return parsed.kind === 'refused' ? parsed.message : null;
};

const algorithmFault = (name: string): string | null =>
  isTokenAlgorithm(name) ? null : `an algorithm is one of ${tokenAlgorithms.join(', ')}`;

const faultsOfKeys = ({ keys, jwksUrl }: Checked): readonly ConfigurationFault[] => {
  const urlFault = jwksUrl === null ? null : keysUrlFault(jwksUrl);
  if (urlFault !== null) return [{ path: ['jwksUrl'], message: urlFault }];
  if (jwksUrl === null && keys.length === 0)
    return [{ path: ['keys'], message: 'a configuration has keys, or a URL that gives them' }];
  return keys.length > maxKeys
    ? [{ path: ['keys'], message: `a configuration has at most ${maxKeys} keys` }]
    : [];
};
