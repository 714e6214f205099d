/**
 * What a process keeps of tokens across zone snapshots: keys by URL, verifiers, and what they found. A new snapshot asks
 * for nothing again that has not changed. Nothing is shared between zones but the room.
 */
import type { TokenConfiguration, ZoneId, ZoneSnapshot } from '@precede/contracts';
import { LRUCache } from 'lru-cache';
import { tokenConfigurationFaults } from './configuration-faults.ts';
import { inlineKeys, type KeySource } from './key-set.ts';
import { type RemoteKeysOptions, remoteKeys } from './remote-keys.ts';
import { parseTokenIdentifier } from './token-identifier.ts';
import {
  type TokenIdentifier,
  TokenSessions,
  type TokenSessionsParts,
  type UsableConfiguration,
} from './token-sessions.ts';
import { compileTokenSource, parseTokenSource, type TokenSource } from './token-source.ts';
import { Verifier } from './verifier.ts';
import { createVerifierMemory } from './verifier-memory.ts';

/** Beyond it the least used go: they are made, and their keys loaded, anew when their zone changes next. */
const maxVerifiers = 10_000;

export interface TokensOptions extends Omit<RemoteKeysOptions, 'now'> {
  /** Once for each token asked for; after allClaims once more where a valid one lacks the claim of an identifier. */
  readonly onOutcome: TokenSessionsParts['onOutcome'];
  /** Milliseconds since 1970, for what is kept and how long; the system clock by default. */
  readonly now?: () => number;
}

/** What cannot count as it is configured. */
export interface TokenFault {
  /** Id of a token configuration, or name of a session identifier. */
  readonly subject: string;
  readonly message: string;
}

export interface ZoneTokens {
  /** Null: the zone has no token configuration that can be used. */
  readonly sessions: TokenSessions | null;
  readonly faults: readonly TokenFault[];
}

type Zone = Pick<ZoneSnapshot, 'zoneId' | 'identifiers' | 'tokenConfigurations'>;

export class Tokens {
  readonly #options: TokensOptions;
  readonly #now: () => number;
  readonly #verifiers = new LRUCache<string, Verifier>({ max: maxVerifiers });
  readonly #remotes = new LRUCache<string, KeySource>({ max: maxVerifiers });
  readonly #memory = createVerifierMemory();
  #made = 0;

  constructor(options: TokensOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Starts no load: the first request, or `ready` of what it gives, does. */
  forZone(zone: Zone): ZoneTokens {
    const faults: TokenFault[] = [];
    const configurations = this.#configurationsOf(zone, faults);
    const identifiers = identifiersOf(zone, configurations, faults);
    if (configurations.size === 0) return { sessions: null, faults };
    const { onOutcome } = this.#options;
    return { sessions: new TokenSessions({ configurations, identifiers, onOutcome }), faults };
  }

  #configurationsOf(zone: Zone, faults: TokenFault[]): ReadonlyMap<string, UsableConfiguration> {
    const usable = new Map<string, UsableConfiguration>();
    for (const [configId, config] of zone.tokenConfigurations) {
      const [fault] = tokenConfigurationFaults(config);
      if (fault === undefined)
        usable.set(configId, {
          sources: sourcesOf(config),
          verifier: this.#verifierOf(zone.zoneId, config),
        });
      else faults.push({ subject: configId, message: `${fault.path.join('.')}: ${fault.message}` });
    }
    return usable;
  }

  #verifierOf(zoneId: ZoneId, config: TokenConfiguration): Verifier {
    const { configId, algorithms, keys, jwksUrl, issuer, audience, clockToleranceMs } = config;
    // All that a verdict depends on, nothing else: a new title must not make a new verifier.
    const identity = JSON.stringify([
      zoneId,
      configId,
      algorithms,
      keys,
      jwksUrl,
      issuer,
      audience,
      clockToleranceMs,
    ]);
    const known = this.#verifiers.get(identity);
    if (known !== undefined) return known;
    this.#made += 1;
    const deps = {
      id: String(this.#made),
      keys: this.#keysOf(zoneId, config),
      memory: this.#memory,
      now: this.#now,
    };
    const made = new Verifier(config, deps);
    this.#verifiers.set(identity, made);
    return made;
  }

  #keysOf(zoneId: ZoneId, { keys, jwksUrl }: TokenConfiguration): KeySource {
    if (jwksUrl === null) return inlineKeys(keys);
    const place = `${zoneId} ${jwksUrl}`;
    const known = this.#remotes.get(place);
    if (known !== undefined) return known;
    const made = remoteKeys(jwksUrl, { ...this.#options, now: this.#now });
    this.#remotes.set(place, made);
    return made;
  }
}

const sourcesOf = (config: TokenConfiguration): readonly TokenSource[] =>
  config.sources.flatMap((text) => {
    const source = parseTokenSource(text);
    return source.kind === 'parsed' ? [compileTokenSource(source.expression)] : [];
  });

const identifiersOf = (
  zone: Zone,
  configurations: ReadonlyMap<string, UsableConfiguration>,
  faults: TokenFault[],
): ReadonlyMap<string, TokenIdentifier> => {
  const usable = new Map<string, TokenIdentifier>();
  for (const { type, name } of zone.identifiers) {
    if (type !== 'jwt') continue;
    const parsed = parseTokenIdentifier(name);
    if (parsed.kind === 'refused') faults.push({ subject: name, message: parsed.fault.message });
    else if (configurations.has(parsed.configId)) usable.set(name, parsed);
    else
      faults.push({ subject: name, message: 'there is no such token configuration, or it cannot be used' });
  }
  return usable;
};
