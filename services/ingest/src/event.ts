/** One request as a sender describes it, once validated, and what can be wrong with it. */

/** Why an event is refused: a closed set, the label of the metric and the `code` in the answer. */
export const EventFaultCode = {
  notJson: 'not_json',
  notUtf8: 'not_utf8',
  tooLong: 'too_long',
  notAnObject: 'not_an_object',
  missing: 'missing',
  wrongType: 'wrong_type',
  outOfRange: 'out_of_range',
  timeInvalid: 'time_invalid',
  timeInFuture: 'time_in_future',
  timeBefore1970: 'time_before_1970',
  methodInvalid: 'method_invalid',
  hostInvalid: 'host_invalid',
  pathInvalid: 'path_invalid',
  pathTooLong: 'path_too_long',
  sessionInvalid: 'session_invalid',
  idInvalid: 'id_invalid',
} as const;
export type EventFaultCode = (typeof EventFaultCode)[keyof typeof EventFaultCode];

/** A class, so that nothing a sender writes can be taken for one. */
export class EventFault {
  readonly kind = 'fault';
  readonly code: EventFaultCode;
  /** JSON pointer within the event: `/time`; empty for the event itself. */
  readonly pointer: string;
  readonly message: string;

  constructor(code: EventFaultCode, pointer: string, message: string) {
    this.code = code;
    this.pointer = pointer;
    this.message = message;
  }
}

/** Where a session comes from: an explicit one is `explicit` with an empty name. */
export interface SessionValue {
  readonly type: 'explicit' | 'header' | 'cookie' | 'jwt';
  readonly name: string;
  readonly value: string;
}

export interface NormalEvent {
  readonly kind: 'event';
  readonly timeMs: number;
  /** The sender's clock is ahead: the time is that of receipt. */
  readonly isClamped: boolean;
  readonly method: string;
  readonly host: string;
  /** Without query; otherwise as sent. */
  readonly path: string;
  readonly status: number | null;
  readonly durationMs: number | null;
  readonly bytes: number | null;
  readonly eventId: string | null;
  readonly session: SessionValue | null;
}

export const fault = (code: EventFaultCode, pointer: string, message: string): EventFault =>
  new EventFault(code, pointer, message);
