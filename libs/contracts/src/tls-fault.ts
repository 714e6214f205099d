/**
 * Why a server could not be reached over TLS, as a sentence that names the setting to look at. Pure: it reads the codes and
 * texts of Node and OpenSSL, through whatever errors a client has wrapped around them.
 */

interface Foreign {
  readonly code?: unknown;
  readonly message?: string;
  readonly cause?: unknown;
}

/** Whose certificate it is, as the beginning of a sentence, and what its variables are named after: `KAFKA` of PRECEDE_KAFKA_TLS_CA. */
export interface TlsPlace {
  readonly who: string;
  readonly part: string;
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
]);
const overdue = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const otherName = new Set(['ERR_TLS_CERT_ALTNAME_INVALID']);
const never: ReadonlySet<string> = new Set();

const kinds = [
  {
    codes: untrusted,
    text: /self-signed certificate|unable to (?:get|verify)/i,
    say: (part: string) => `shows a certificate that PRECEDE_${part}_TLS_CA does not vouch for`,
  },
  {
    codes: overdue,
    text: /certificate (?:has expired|is not yet valid)/i,
    say: () => 'shows a certificate that is not valid now: look at its dates and at the clock',
  },
  {
    codes: otherName,
    text: /does not match certificate's altnames/i,
    say: () => 'shows a certificate for another host name than the one it is reached by',
  },
  {
    codes: never,
    text: /alert (?:certificate required|bad certificate|unknown ca|certificate unknown|handshake failure)|no required SSL certificate/i,
    say: (part: string) =>
      `wants a client certificate, or another one: look at PRECEDE_${part}_TLS_CERT and PRECEDE_${part}_TLS_KEY`,
  },
] as const;

function* causes(error: unknown): Generator<Foreign> {
  let next = error;
  for (let depth = 0; depth < 8 && typeof next === 'object' && next !== null; depth += 1) {
    yield next as Foreign;
    next = (next as Foreign).cause;
  }
}

/** Without a full stop; undefined where it was not TLS. */
export const tlsFault = (error: unknown, { who, part }: TlsPlace): string | undefined => {
  const all = [...causes(error)];
  const text = all.map(({ message }) => message ?? '').join('\n');
  const kind = kinds.find(
    ({ codes, text: pattern }) => all.some(({ code }) => codes.has(String(code))) || pattern.test(text),
  );
  return kind === undefined ? undefined : `${who} ${kind.say(part)}`;
};
