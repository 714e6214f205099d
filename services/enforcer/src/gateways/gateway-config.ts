/** What can be told of the interfaces for gateways, beside host, port and token of the enforcer. */
import { type Field, port, size } from '@precede/service';

/** Null: off. */
const portOrOff = (meaning: string): Field<number | null> => {
  const number = port(meaning);
  return {
    ...number,
    rule: `off, or ${number.rule}`,
    default: 'off',
    parse: (value) => (value === 'off' ? null : number.parse(value)),
  };
};

export const gatewayFields = {
  PRECEDE_ENFORCER_GRPC_PORT: portOrOff(
    'Port for Envoy (ext_authz over gRPC), usually 8092; 0: any free one; off: none.',
  ),
  PRECEDE_ENFORCER_MAX_CHECK: size(
    'Largest request of a gateway, its body included; a larger one is denied with 413.',
    '1MiB',
  ),
} as const;
