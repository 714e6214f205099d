/**
 * The TLS handshake and the certificate of the client, as far as the gateway passes them along. Over a connection
 * without a client certificate the reference has false and "" here, and so should a gateway that passes these fields.
 */
import { Bool, Bytes, Int } from '../types.ts';
import { alias, declare } from './declare.ts';
import type { Field } from './fields.ts';

const text = { filledBy: 'metadata', type: Bytes } as const;

const handshake: readonly Field[] = [
  ...declare(text, {
    'cf.tls_cipher': ['Cipher suite of the connection', '"AES128-SHA256"'],
    'cf.tls_ciphers_sha1': [
      'SHA-1 of the cipher list of the client in its order, big-endian, in Base64',
      '"qZk+NkcGgWq6PiVxeFDCbJzQ2J0="',
    ],
    'cf.tls_client_extensions_sha1': [
      'SHA-1 of the TLS extensions of the client, big-endian, in Base64',
      '"qZk+NkcGgWq6PiVxeFDCbJzQ2J0="',
    ],
    'cf.tls_client_extensions_sha1_le': [
      'SHA-1 of the TLS extensions of the client, little-endian, in Base64',
      '"qZk+NkcGgWq6PiVxeFDCbJzQ2J0="',
    ],
    'cf.tls_client_random': [
      'The 32 random bytes of the client hello (RFC 8446), in Base64',
      '"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="',
    ],
    'cf.tls_version': ['TLS version of the connection', '"TLSv1.3"'],
  }),
  ...alias(text, { 'cf.tls_client_ciphers_sha1': 'cf.tls_ciphers_sha1' }),
  ...declare(
    { filledBy: 'metadata', type: Int },
    {
      'cf.tls_client_hello_length': ['Length of the client hello in bytes', '508'],
    },
  ),
];

const certificate: readonly Field[] = [
  ...declare(
    { filledBy: 'metadata', type: Bool },
    {
      'cf.tls_client_auth.cert_chain_rfc9440_too_large':
        'Whether the encoded chain is over 16 KiB, so that cert_chain_rfc9440 is ""',
      'cf.tls_client_auth.cert_presented': 'Whether the client showed a certificate, valid or not',
      'cf.tls_client_auth.cert_revoked':
        'Whether the certificate is valid but revoked; cert_verified is true as well',
      'cf.tls_client_auth.cert_rfc9440_too_large':
        'Whether the encoded certificate is over 10 KiB, so that cert_rfc9440 is ""',
      'cf.tls_client_auth.cert_verified': 'Whether the client showed a valid certificate, even a revoked one',
    },
  ),
  ...declare(text, {
    'cf.tls_client_auth.cert_chain_rfc9440': [
      'Certificates sent besides the leaf, as in a Client-Cert-Chain header (RFC 9440), unchecked',
      '":MIIB:, :MIIC:"',
    ],
    'cf.tls_client_auth.cert_fingerprint_sha1': [
      'SHA-1 of the certificate in lower-case hex',
      '"da39a3ee5e6b4b0d3255bfef95601890afd80709"',
    ],
    'cf.tls_client_auth.cert_fingerprint_sha256': [
      'SHA-256 of the certificate in lower-case hex',
      '"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"',
    ],
    'cf.tls_client_auth.cert_issuer_dn': [
      'Distinguished name of the issuer',
      '"CN=Partners CA,O=Example,C=PT"',
    ],
    'cf.tls_client_auth.cert_issuer_dn_legacy': [
      'Distinguished name of the issuer, parts led by slashes',
      '"/C=PT/O=Example/CN=Partners CA"',
    ],
    'cf.tls_client_auth.cert_issuer_dn_rfc2253': [
      'Distinguished name of the issuer as RFC 2253 writes it',
      '"CN=Partners CA,O=Example,C=PT"',
    ],
    'cf.tls_client_auth.cert_issuer_serial': [
      'Serial number of the direct issuer in upper-case hex',
      '"0A1B2C"',
    ],
    'cf.tls_client_auth.cert_issuer_ski': ['Subject key identifier of the direct issuer in hex', '"0A1B2C"'],
    'cf.tls_client_auth.cert_not_after': [
      'Last moment at which the certificate is valid, as text',
      '"Jan  1 00:00:00 2027 GMT"',
    ],
    'cf.tls_client_auth.cert_not_before': [
      'First moment at which the certificate is valid, as text',
      '"Jan  1 00:00:00 2026 GMT"',
    ],
    'cf.tls_client_auth.cert_rfc9440': [
      'Certificate as in a Client-Cert header (RFC 9440): Base64 of its DER between colons, unchecked',
      '":MIIB:"',
    ],
    'cf.tls_client_auth.cert_serial': ['Serial number of the certificate in upper-case hex', '"0A1B2C"'],
    'cf.tls_client_auth.cert_ski': ['Subject key identifier of the certificate in hex', '"0A1B2C"'],
    'cf.tls_client_auth.cert_subject_dn': ['Distinguished name of the owner', '"CN=till-7,O=Example,C=PT"'],
    'cf.tls_client_auth.cert_subject_dn_legacy': [
      'Distinguished name of the owner, parts led by slashes',
      '"/C=PT/O=Example/CN=till-7"',
    ],
    'cf.tls_client_auth.cert_subject_dn_rfc2253': [
      'Distinguished name of the owner as RFC 2253 writes it',
      '"CN=till-7,O=Example,C=PT"',
    ],
  }),
];

export const tlsFields: readonly Field[] = [...handshake, ...certificate];
