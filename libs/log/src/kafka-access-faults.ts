/**
 * Why Kafka does not let us in, as a sentence that names the setting to look at. Asked at the start alone: later the same
 * error may be a broker's that is just being replaced.
 */
import { ConfigError, ErrorCode, tlsFault, UnavailableError } from '@precede/contracts';
import { causes } from './kafka-errors.ts';
import type { KafkaLogOptions } from './kafka-options.ts';

const notTls = /wrong version number|packet length too long|before secure TLS connection was established/i;
const closed = /Closed connection|closed by the server|ECONNRESET|socket hang up/i;

interface Fault {
  readonly sentence: string;
  /** Trying again does not help; otherwise whoever answers may still be starting. */
  readonly isFinal: boolean;
}

const final = (sentence: string): Fault => ({ sentence, isFinal: true });
const passing = (sentence: string): Fault => ({ sentence, isFinal: false });

/** The same error where it is no fault of access. */
export const toAccessError = (error: unknown, options: KafkaLogOptions): unknown => {
  const all = [...causes(error)];
  const fault = faultOf(error, options);
  if (fault === undefined) return error;
  const why = `${fault.sentence} (${all[0]?.message ?? String(error)}).`;
  return fault.isFinal ? new ConfigError([why]) : new UnavailableError(ErrorCode.logUnavailable, why, error);
};

const faultOf = (error: unknown, { sasl, ssl }: KafkaLogOptions): Fault | undefined => {
  const all = [...causes(error)];
  const text = all.map(({ message }) => message ?? '').join('\n');
  if (all.some(({ name }) => name === 'KafkaJSSASLAuthenticationError')) return refused(text, sasl);
  if (all.some(({ type }) => loginTypes.has(type ?? '')))
    return final(`Kafka takes no login ${sasl?.mechanism ?? ''} here: look at PRECEDE_KAFKA_SASL_MECHANISM`);
  if (ssl === undefined) return closed.test(text) ? passing(expectsTls) : undefined;
  const tls = tlsFault(error, { who: 'Kafka', part: 'KAFKA' });
  if (tls !== undefined) return final(tls);
  if (notTls.test(text)) return passing(speaksNoTls);
  return sasl === undefined && closed.test(text) ? passing(expectsMore) : undefined;
};

const loginTypes = new Set(['ILLEGAL_SASL_STATE', 'UNSUPPORTED_SASL_MECHANISM']);
const expectsTls =
  'Kafka closes the connection: if this port expects TLS or a login, set PRECEDE_KAFKA_TLS=true or PRECEDE_KAFKA_SASL_MECHANISM';
const speaksNoTls =
  'Kafka does not speak TLS at this port: look at PRECEDE_KAFKA_BROKERS, or set PRECEDE_KAFKA_TLS=false';
const expectsMore =
  'Kafka closes the connection: if this port expects a login or a client certificate, set PRECEDE_KAFKA_SASL_MECHANISM or PRECEDE_KAFKA_TLS_CERT';

const refused = (text: string, sasl: KafkaLogOptions['sasl']): Fault =>
  /not supported by the server/.test(text)
    ? final(`Kafka does not offer the login ${sasl?.mechanism ?? ''}: look at PRECEDE_KAFKA_SASL_MECHANISM`)
    : final(
        `Kafka refuses the credentials of ${sasl?.username ?? 'this client'}: look at PRECEDE_KAFKA_SASL_USERNAME and PRECEDE_KAFKA_SASL_PASSWORD`,
      );
