/**
 * Hosts: of a saved operation (lower-case, perhaps with one variable first label, `{hostVar1}.example.com`) and of a
 * request (port and trailing dot dropped, any case). International names are written in their `xn--` form.
 */
import { EndpointFaultCode, fault, type Normalised } from './fault.ts';

const maxLength = 255;
const maxLabelLength = 63;
/** What a variable first label is called once saved. */
export const hostVariable = '{hostVar1}';

const label = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;
const variableLabel = /^\{[A-Za-z0-9_.-]+\}$/;
const ipv6 = /^\[[0-9a-f:.]{2,45}\]$/;

const invalid = (message: string): Normalised => fault(EndpointFaultCode.hostInvalid, '/host', message);

/** Normalises the host of an operation or says what is wrong with it. */
export const normaliseHost = (text: string): Normalised => {
  if (text.length > maxLength)
    return fault(EndpointFaultCode.hostTooLong, '/host', `host is longer than ${maxLength} characters`);
  const host = text.endsWith('.') ? text.slice(0, -1) : text;
  if (host === '') return invalid('host is empty');
  if (host.startsWith('{')) return normaliseVariableHost(host);
  const lower = host.toLowerCase();
  return ipv6.test(lower) ? { kind: 'ok', value: lower } : checkLabels(lower, lower);
};

const normaliseVariableHost = (host: string): Normalised => {
  const end = host.indexOf('}') + 1;
  if (!variableLabel.test(host.slice(0, end)) || host[end] !== '.')
    return fault(
      EndpointFaultCode.variableInvalid,
      '/host',
      'a host variable is the whole first label: {name}.example.com',
    );
  const rest = host.slice(end + 1).toLowerCase();
  const value = `${hostVariable}.${rest}`;
  if (value.length > maxLength)
    return fault(
      EndpointFaultCode.hostTooLong,
      '/host',
      `host is longer than ${maxLength} characters once its variable is named ${hostVariable}`,
    );
  return checkLabels(rest, value);
};

const checkLabels = (labels: string, value: string): Normalised => {
  for (const part of labels.split('.')) {
    if (part.includes('{') || part.includes('}'))
      return fault(
        EndpointFaultCode.variableInvalid,
        '/host',
        'only the first label of a host may be a variable',
      );
    if (part.length > maxLabelLength || !label.test(part))
      return invalid(
        `host label ${JSON.stringify(part.slice(0, maxLabelLength))} is not 1 to ${maxLabelLength} of a-z 0-9 - _ (no port, no scheme)`,
      );
  }
  return { kind: 'ok', value };
};

/**
 * The host of a request as operations are looked up by it: lower-case, without port and trailing dot. Never throws.
 * Letters of ASCII alone are folded (RFC 4343): other bytes stay what they are, and no other letter becomes one of ASCII.
 */
export const normaliseRequestHost = (text: string): string => {
  const given = withoutPort(text);
  const host = upperCase.test(given) ? given.replaceAll(upperCases, (run) => run.toLowerCase()) : given;
  return host.endsWith('.') ? host.slice(0, -1) : host;
};

const upperCase = /[A-Z]/;
const upperCases = /[A-Z]+/g;

const withoutPort = (host: string): string => {
  if (host.startsWith('[')) {
    const end = host.indexOf(']');
    return end === -1 ? host : host.slice(0, end + 1);
  }
  const colon = host.lastIndexOf(':');
  return colon === -1 ? host : host.slice(0, colon);
};
