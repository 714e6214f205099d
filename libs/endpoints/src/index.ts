export { type EndpointFault, EndpointFaultCode, type Normalised } from './fault.ts';
export { normaliseHost, normaliseRequestHost } from './host.ts';
export { learnTemplate } from './learn.ts';
export { compileMatcher, type Matcher } from './matcher.ts';
export { boundPath, normalisePath, normaliseRequestPath, stripQuery } from './path.ts';
export {
  isMethod,
  type NormalOperation,
  normaliseOperation,
  normaliseTemplate,
  type OperationDraft,
  type OperationFaults,
  operationIdentity,
} from './template.ts';
