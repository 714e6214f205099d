export { betaInterval, betaQuantile, type Interval } from './beta.ts';
export {
  type CountBucket,
  type CounterLimits,
  type CountView,
  defaultCounterLimits,
  hourOf,
  SequenceCounter,
} from './counter.ts';
export {
  buildModel,
  type Model,
  modelFromRows,
  modelRows,
  type RarestTransition,
  type SessionLikelihood,
  sessionLikelihood,
} from './likelihood.ts';
export { type ModelOptions, type ModelRow, modelDefaults, OTHER, START } from './likelihood-rows.ts';
export { MAX_LENGTH } from './ngram.ts';
export { keptContextsOf } from './prune.ts';
export {
  compareScored,
  correlationOf,
  correlationScores,
  lookbackOf,
  lookbackScores,
  precedenceOf,
  precedenceScores,
  type ScoredSequence,
  type ScoreOptions,
  scoreDefaults,
} from './score.ts';
export { addToSketch, distinctOf, mergeSketch, SKETCH_SIZE, sketchValueOf } from './sketch.ts';
export type { SequenceCount } from './table.ts';
export { restoreWindows, takeChanges, takeHeld, type WindowChange } from './window-changelog.ts';
export type { StoredBucket, StoredCount } from './window-entries.ts';
export {
  defaultJournalLimits,
  type JournalLimits,
  type JournalWrite,
  maxChunks,
  type Restored,
  restoreJournal,
  type StepEnd,
  WindowJournal,
} from './window-journal.ts';
export {
  createOutputs,
  createWindows,
  defaultBounds,
  estimatedBytes,
  type WindowBounds,
  type WindowInput,
  type WindowOutputs,
  type WindowSettings,
  type WindowsState,
} from './window-state.ts';
export { step, stepRequest, type Verdict, type ZoneWindows } from './window-step.ts';
export { keepWithin, type Totals, tableFrom, WindowCounts } from './zone-counts.ts';
