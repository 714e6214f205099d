/** Token configurations of a zone: where tokens stand in a request, and what verifies them. */
import type { ConfigBody, TokenConfiguration, ZoneId, ZoneSnapshot } from '@precede/contracts';
import { timestamp } from './envelope.ts';
import { apiError } from './errors.ts';
import { isPlainObject, parseBody } from './parse.ts';
import type { Change, Plan } from './plan.ts';
import { credentialsBody, type TokenDefinition, tokenConfigurationBody } from './token-configuration-body.ts';
import { knownZone } from './zones.ts';

export const maxTokenConfigurations = 20;

/** What a client says of it, as it would say it. */
const definitionView = (config: TokenConfiguration) => ({
  title: config.title,
  description: config.description,
  token_sources: config.sources,
  token_type: 'JWT',
  credentials: { keys: config.keys },
  jwks_url: config.jwksUrl,
  algorithms: config.algorithms,
  issuer: config.issuer,
  audience: config.audience,
  clock_tolerance: config.clockToleranceMs / 1_000,
});

export const tokenConfigurationView = (config: TokenConfiguration) => ({
  id: config.configId,
  ...definitionView(config),
  created_at: timestamp(config.createdAtMs),
  last_updated: timestamp(config.lastUpdatedMs),
});
export type TokenConfigurationView = ReturnType<typeof tokenConfigurationView>;

export const tokenConfigurationsOf = (zone: ZoneSnapshot): readonly TokenConfiguration[] =>
  [...zone.tokenConfigurations.values()].sort((a, b) => a.createdAtMs - b.createdAtMs);

export const knownTokenConfiguration = (zone: ZoneSnapshot, id: string): TokenConfiguration => {
  const config = zone.tokenConfigurations.get(id);
  if (config === undefined)
    throw apiError('tokenConfigurationUnknown', `there is no token configuration ${id} in this zone`);
  return config;
};

export const createTokenConfiguration =
  (zoneId: ZoneId, body: unknown, configId: string, nowMs: number): Plan<TokenConfigurationView> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const given = parseBody(tokenConfigurationBody, body);
    if (zone.tokenConfigurations.size >= maxTokenConfigurations)
      throw apiError(
        'tokenConfigurationLimit',
        `a zone has at most ${maxTokenConfigurations} token configurations`,
      );
    return store(zone, { ...given, configId, createdAtMs: nowMs, lastUpdatedMs: nowMs });
  };

export interface TokenTarget {
  readonly zoneId: ZoneId;
  readonly configId: string;
  readonly nowMs: number;
}

const change =
  (
    { zoneId, configId, nowMs }: TokenTarget,
    read: (before: TokenConfiguration) => TokenDefinition,
  ): Plan<TokenConfigurationView> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    const before = knownTokenConfiguration(zone, configId);
    return store(zone, { ...before, ...read(before), lastUpdatedMs: nowMs });
  };

export const replaceTokenConfiguration = (target: TokenTarget, body: unknown): Plan<TokenConfigurationView> =>
  change(target, () => parseBody(tokenConfigurationBody, body));

/** What is left out stays; keys given take the place of an address, and the reverse. */
export const patchTokenConfiguration = (target: TokenTarget, body: unknown): Plan<TokenConfigurationView> =>
  change(target, (before) => parseBody(tokenConfigurationBody, patched(before, body)));

/** New keys take the place of the old ones, and the algorithms are theirs. */
export const replaceCredentials = (target: TokenTarget, body: unknown): Plan<TokenConfigurationView> =>
  change(target, (before) => {
    const { keys } = parseBody(credentialsBody, body);
    const { algorithms: _algorithms, ...rest } = definitionView(before);
    return parseBody(tokenConfigurationBody, { ...rest, credentials: { keys }, jwks_url: null });
  });

const patched = (before: TokenConfiguration, body: unknown): unknown => {
  if (!isPlainObject(body)) return body;
  const shown = definitionView(before);
  const given = body;
  if (given['jwks_url'] === undefined && given['credentials'] !== undefined)
    return { ...shown, jwks_url: null, ...given };
  if (typeof given['jwks_url'] === 'string' && given['credentials'] === undefined)
    return { ...shown, credentials: undefined, ...given };
  return { ...shown, ...given };
};

export const deleteTokenConfiguration =
  (zoneId: ZoneId, configId: string): Plan<{ readonly id: string }> =>
  (zones) => {
    const zone = knownZone(zones, zoneId);
    knownTokenConfiguration(zone, configId);
    const user = zone.identifiers.find((each) => each.type === 'jwt' && each.name.startsWith(`${configId}:`));
    if (user !== undefined)
      throw apiError(
        'tokenConfigurationInUse',
        `the session identifier ${JSON.stringify(user.name)} names it; take it out first`,
      );
    const bodies: ConfigBody[] = [{ kind: 'token_configuration', id: configId, tokenConfiguration: null }];
    return { zoneId, bodies, settings: zone.settings, result: () => ({ id: configId }) };
  };

const store = (
  zone: ZoneSnapshot,
  tokenConfiguration: TokenConfiguration,
): Change<TokenConfigurationView> => ({
  zoneId: zone.zoneId,
  bodies: [{ kind: 'token_configuration', id: tokenConfiguration.configId, tokenConfiguration }],
  settings: zone.settings,
  result: () => tokenConfigurationView(tokenConfiguration),
});
