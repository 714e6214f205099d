/**
 * Every fault the management API can answer, in one table: number, HTTP status, what it means. docs/errors.md lists the
 * same table and a test keeps the two equal. Numbers are never given a second meaning.
 */
import { ErrorCode, PrecedeError } from '@precede/contracts';

interface FaultKind {
  readonly code: number;
  readonly status: number;
  readonly meaning: string;
}

const kind = (code: number, status: number, meaning: string): FaultKind => ({ code, status, meaning });

export const faultKinds = {
  bodyMalformed: kind(1001, 400, 'The body is not JSON, or missing.'),
  bodyTooLarge: kind(1002, 413, 'The body is larger than 16 MiB.'),
  contentType: kind(1003, 415, 'The body is not declared as application/json.'),
  invalid: kind(1004, 400, 'A value of the body has the wrong type or is out of range.'),
  fieldUnknown: kind(1005, 400, 'The body has a field that this route does not take.'),
  queryInvalid: kind(1006, 400, 'A query parameter is unknown or out of range.'),
  unauthenticated: kind(1100, 401, 'No bearer token, or none that is known.'),
  forbidden: kind(1101, 403, 'The token lacks a permission, or has no access to the zone.'),
  zoneUnknown: kind(1200, 404, 'There is no zone with this id.'),
  zoneConflict: kind(1201, 409, 'The id or the name of the new zone belongs to another zone.'),
  zoneLimit: kind(1202, 409, 'There are as many zones as are allowed.'),
  operationUnknown: kind(1300, 404, 'There is no operation with this id in the zone.'),
  operationInUse: kind(1301, 409, 'The operation is part of a sequence rule.'),
  operationLimit: kind(1302, 409, 'The zone has as many operations as are allowed.'),
  hostInvalid: kind(1303, 400, 'The host of an operation is none.'),
  endpointInvalid: kind(1304, 400, 'The path template of an operation is none.'),
  identifierTwice: kind(1401, 400, 'The same session identifier stands in the list twice.'),
  identifierTokenUnknown: kind(
    1402,
    400,
    'A session identifier of type jwt names no token configuration of the zone.',
  ),
  identifierPathInvalid: kind(
    1403,
    400,
    'The claim path of a session identifier of type jwt is no singular JSONPath.',
  ),
  ruleUnknown: kind(1500, 404, 'There is no sequence rule with this id in the zone.'),
  ruleOperationUnknown: kind(1501, 400, 'A sequence rule names an operation that is not saved in the zone.'),
  ruleHostsDiffer: kind(1502, 400, 'The two operations of a sequence rule have different hosts.'),
  positionOutOfRange: kind(1503, 400, 'The position of a rule is beyond the end of the list.'),
  positionRefused: kind(1504, 400, 'A position is given where the order of the list or a priority says it.'),
  ruleLimit: kind(1505, 409, 'The zone has as many sequence rules as are allowed.'),
  ruleIdTwice: kind(1506, 400, 'The same rule id stands in the list twice.'),
  ruleIdUnknown: kind(1507, 400, 'A rule in the list has an id that no rule of the zone has.'),
  expressionInvalid: kind(
    1508,
    400,
    'An expression does not compile, or names a list that is not there; the message has line and column.',
  ),
  expressionRuleUnknown: kind(1509, 404, 'There is no rule with this id in the ruleset.'),
  ruleRefTwice: kind(1510, 400, 'Two rules of a ruleset have the same ref.'),
  rulesetUnknown: kind(1511, 404, 'There is no ruleset with this id in the zone.'),
  rulesetExists: kind(1512, 409, 'A ruleset is created for a phase that has rules already.'),
  phaseRuleLimit: kind(1513, 409, 'The phase has as many rules, or bytes of rules, as are allowed.'),
  sequenceUnknown: kind(1600, 404, 'There is no score of this sequence in the zone, nor was there one.'),
  decisionUnknown: kind(1601, 404, 'There is no decision with this id in the zone, or no longer.'),
  listUnknown: kind(1700, 404, 'There is no list with this id in the zone.'),
  listInUse: kind(1701, 409, 'A rule uses the list; the message names the rules.'),
  listNameTaken: kind(1702, 409, 'Another list of the zone has this name.'),
  listLimit: kind(1703, 409, 'There are as many lists in the zone, or items in the list, as are allowed.'),
  itemInvalid: kind(1704, 400, 'An item of a list is not what a list of its kind holds.'),
  itemTwice: kind(1705, 400, 'The same item stands in the body twice.'),
  itemUnknown: kind(1706, 404, 'There is no item with this id in the list.'),
  tokenConfigurationUnknown: kind(1800, 404, 'There is no token configuration with this id in the zone.'),
  tokenConfigurationInUse: kind(1801, 409, 'A session identifier names the token configuration.'),
  tokenConfigurationLimit: kind(1802, 409, 'The zone has as many token configurations as are allowed.'),
  keyNotPublic: kind(1803, 400, 'A key is symmetric, or has private members; only public keys are taken.'),
  keyInvalid: kind(1804, 400, 'A key is no public key of RFC 7517 that tokens can be verified with.'),
  algorithmRefused: kind(1805, 400, 'An algorithm is not asymmetric, not known, or not one of its key.'),
  noRoute: kind(7003, 404, 'There is no such route, or an id in the path is malformed.'),
  internal: kind(1900, 500, 'An unexpected fault; the log of the service has it.'),
  logUnavailable: kind(
    1901,
    503,
    'The event log is away or too slow: whether the change was written shows when it is back.',
  ),
  busy: kind(1902, 503, 'Too many changes are waiting to be written.'),
  analyticsUnavailable: kind(1903, 503, 'ClickHouse is away; configuration goes on working.'),
  takenOver: kind(1904, 503, 'Another control process has taken over; this one ends.'),
} as const satisfies Record<string, FaultKind>;
export type FaultName = keyof typeof faultKinds;

export interface Fault {
  readonly name: FaultName;
  readonly message: string;
  /** JSON pointer into the body. */
  readonly pointer?: string;
}

/** One answer of the API that is not a success; the status is that of its first fault. */
export class ApiError extends PrecedeError {
  readonly faults: readonly Fault[];
  readonly status: number;

  constructor(faults: readonly [Fault, ...Fault[]]) {
    super(ErrorCode.inputInvalid, faults.map((each) => each.message).join('\n'));
    this.faults = faults;
    this.status = faultKinds[faults[0].name].status;
  }
}

export const apiError = (name: FaultName, message: string, pointer?: string): ApiError =>
  new ApiError([{ name, message, ...(pointer === undefined ? {} : { pointer }) }]);
