export {
  createLookback,
  isWithinGap,
  type Lookback,
  lookbackGapMs,
  maxRaw,
  maxRuns,
  push,
  rawAgeMs,
  rawCountAt,
  runsAt,
} from './lookback.ts';
export {
  type CompiledMitigation,
  compileMitigation,
  type MitigationFault,
  MitigationFaultCode,
  type MitigationRule,
  type MitigationTable,
} from './mitigation.ts';
export { decideMitigation, MitigationCause, type MitigationVerdict } from './mitigation-decide.ts';
