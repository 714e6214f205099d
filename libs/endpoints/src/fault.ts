/** What is wrong with an operation somebody wants to save: a value, never an exception. */

export const EndpointFaultCode = {
  methodUnknown: 'method_unknown',
  hostInvalid: 'host_invalid',
  hostTooLong: 'host_too_long',
  endpointInvalid: 'endpoint_invalid',
  endpointTooLong: 'endpoint_too_long',
  variableInvalid: 'variable_invalid',
} as const;
export type EndpointFaultCode = (typeof EndpointFaultCode)[keyof typeof EndpointFaultCode];

export interface EndpointFault {
  readonly kind: 'fault';
  readonly code: EndpointFaultCode;
  /** JSON pointer to the field within the operation: `/method`, `/host`, `/endpoint`. */
  readonly pointer: string;
  readonly message: string;
}

export type Normalised = { readonly kind: 'ok'; readonly value: string } | EndpointFault;

export const fault = (code: EndpointFaultCode, pointer: string, message: string): EndpointFault => ({
  kind: 'fault',
  code,
  pointer,
  message,
});
