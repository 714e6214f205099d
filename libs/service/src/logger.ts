/** Structured logs: JSON lines on stderr, constant messages, facts as fields; credentials never appear. */
import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

const redacted = [
  'authorization',
  'password',
  'token',
  'headers.authorization',
  'headers.cookie',
  'req.headers',
];

/** stdout stays free for what a command prints. `fields`: further ones of each line, in a new object each time. */
export const createLogger = (
  service: string,
  level: string,
  fields: () => Record<string, string> = () => ({}),
): Logger =>
  pino(
    {
      level,
      base: { service },
      mixin: () => fields(),
      redact: { paths: redacted, censor: '[hidden]' },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: true }),
  );
