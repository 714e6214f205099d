export { betaInterval, betaQuantile, type Interval } from './beta.ts';
export { type CountRow, hourOf, SequenceCounter } from './counter.ts';
export { Form, MAX_LENGTH } from './ngram.ts';
export { type Context, contextsOf, keptContexts, type SequenceCount } from './prune.ts';
export {
  compareScored,
  correlationScores,
  lookbackScores,
  precedenceScores,
  type ScoredSequence,
  type ScoreOptions,
  scoreDefaults,
} from './score.ts';
export { addToSketch, distinctOf, mergeSketch, SKETCH_SIZE, sketchValueOf } from './sketch.ts';
export { restoreWindows, takeChanges, takeHeld, type WindowChange } from './window-changelog.ts';
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
