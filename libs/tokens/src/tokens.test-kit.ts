/** For tests here and of the services: an issuer that signs tokens, and a server on loopback that tells its keys. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { JsonWebKey, TokenConfiguration } from '@precede/contracts';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const configId = '3f6c1c52-0d2b-4c5a-9a53-4c3f6a1e2b70';

/** RS256 from the authorization header, no issuer, no audience, no tolerance. */
export const configuration = (changes: Partial<TokenConfiguration> = {}): TokenConfiguration => ({
  configId,
  title: 'tokens',
  description: '',
  sources: ['http.request.headers["authorization"][0]'],
  algorithms: ['RS256'],
  keys: [],
  jwksUrl: null,
  issuer: null,
  audience: null,
  clockToleranceMs: 0,
  createdAtMs: 0,
  lastUpdatedMs: 0,
  ...changes,
});

export interface Issuer {
  /** Public. */
  readonly key: JsonWebKey;
  /** A token of these claims; `header` adds to alg and kid, undefined takes away. */
  sign(
    claims: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
}

export const createIssuer = async (kid: string | undefined, alg = 'RS256'): Promise<Issuer> => {
  const pair = await generateKeyPair(alg);
  const named = kid === undefined ? {} : { kid };
  const sign: Issuer['sign'] = (claims, header = {}) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg, ...named, ...header }).sign(pair.privateKey);
  return { key: { ...(await exportJWK(pair.publicKey)), ...named, alg }, sign };
};

export interface KeyServer {
  readonly url: string;
  /** Requests that came. */
  readonly asked: () => number;
  /** Answers with these keys from now on. */
  serve(keys: readonly JsonWebKey[], headers?: Readonly<Record<string, string>>): void;
  /** Answers with anything. */
  answer(listener: RequestListener): void;
}

export const startKeyServer = async (t: TestContext, keys: readonly JsonWebKey[]): Promise<KeyServer> => {
  let listener: RequestListener = () => {};
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    listener(request, response);
  });
  const serve: KeyServer['serve'] = (given, headers = {}) => {
    listener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/jwk-set+json', ...headers });
      response.end(JSON.stringify({ keys: given }));
    };
  };
  serve(keys);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  const answer: KeyServer['answer'] = (next) => {
    listener = next;
  };
  return { url, asked: () => asked, serve, answer };
};
