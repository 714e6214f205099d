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
import { type OnOutcome, type TokenIdentifier, TokenSessions } from './token-sessions.ts';
import { compileTokenSource, parseTokenSource } from './token-source.ts';
import { Verifier } from './verifier.ts';
import { createVerifierMemory } from './verifier-memory.ts';

/** Beyond it the least used go: they are made, and their keys loaded, anew when their zone changes next. */
const maxVerifiers = 10_000;

export interface TokensOptions extends Omit<RemoteKeysOptions, 'now'> {
  /** Once for each request and identifier asked. */
  readonly onOutcome: OnOutcome;
  /** Milliseconds since 1970, for what is kept and how long; the system clock by default. */
  readonly now?: () => number;
}

/** An identifier that cannot count as it is configured. */
export interface TokenFault {
  /** Of the session identifier. */
  readonly name: string;
  readonly message: string;
}

export interface ZoneTokens {
  /** Null: no identifier of the zone is of type jwt. */
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
    const names = zone.identifiers.flatMap(({ type, name }) => (type === 'jwt' ? [name] : []));
    if (names.length === 0) return { sessions: null, faults: [] };
    const identifiers = new Map<string, TokenIdentifier>();
    const faults: TokenFault[] = [];
    for (const name of names) {
      const made = this.#identifierOf(name, zone);
      if (typeof made === 'string') faults.push({ name, message: made });
      else identifiers.set(name, made);
    }
    return { sessions: new TokenSessions(identifiers, this.#options.onOutcome), faults };
  }

  /** The identifier, or why there is none. */
  #identifierOf(name: string, { zoneId, tokenConfigurations }: Zone): TokenIdentifier | string {
    const parsed = parseTokenIdentifier(name);
    if (parsed.kind === 'refused') return parsed.fault.message;
    const config = tokenConfigurations.get(parsed.configId);
    if (config === undefined) return 'there is no such token configuration';
    const [fault] = tokenConfigurationFaults(config);
    if (fault !== undefined) return `${fault.path.join('.')}: ${fault.message}`;
    const sources = config.sources.flatMap((text) => {
      const source = parseTokenSource(text);
      return source.kind === 'parsed' ? [compileTokenSource(source.expression)] : [];
    });
    return { sources, verifier: this.#verifierOf(zoneId, config), path: parsed.path };
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
