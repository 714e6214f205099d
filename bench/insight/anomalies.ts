/** AUC of the planted abuse for every number a session could be sorted by, and what the strangest hundredth holds. */
import {
  buildModel,
  type Model,
  modelFromRows,
  modelRows,
  type SequenceCount,
  sessionLikelihood,
} from '@precede/sequence';
import { type AbuseKind, abuseKinds, type LabelledSession } from './abuse.ts';
import { aucOf } from './auc.ts';
import { collapsed, countDirectly } from './count.ts';

type Statistic = (session: LabelledSession) => number;

export interface AnomalyRow {
  readonly name: string;
  readonly auc: readonly number[];
  /** Share of all planted sessions among the hundredth that is strangest. */
  readonly inStrangest: number;
}

/** Mean over days; each day's model has learnt from that day, abuse included, unless the row says otherwise. */
export const anomalyRows = (
  days: readonly (readonly LabelledSession[])[],
  cleanDay: readonly LabelledSession[],
): AnomalyRow[] => {
  const clean = buildModel(countDirectly(cleanDay));
  const byDay = days.map((sessions) => rowsOfDay(sessions, clean));
  return (byDay[0] ?? []).map(({ name }, row) => ({
    name,
    auc: abuseKinds.map((_, kind) => mean(byDay.map((rows) => rows[row]?.auc[kind] ?? Number.NaN))),
    inStrangest: mean(byDay.map((rows) => rows[row]?.inStrangest ?? Number.NaN)),
  }));
};
const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

const rowsOfDay = (sessions: readonly LabelledSession[], clean: Model): AnomalyRow[] => {
  const counts = countDirectly(sessions);
  const model = buildModel(counts);
  const rowOf = (name: string, statistic: Statistic): AnomalyRow => measured(name, sessions, statistic);
  return [
    rowOf('anomaly', anomalyBy(model)),
    rowOf('mean log-loss', (session) => sessionLikelihood(model, operationsOf(session)).meanLogLoss),
    rowOf(
      'rarest transition',
      (session) => -(sessionLikelihood(model, operationsOf(session)).rarest?.probability ?? 1),
    ),
    rowOf('anomaly, context of one', anomalyBy(modelFromRows(modelRows(model), 1))),
    rowOf('anomaly, context of three', anomalyBy(modelFromRows(modelRows(model), 3))),
    rowOf('anomaly, learnt on a day without abuse', anomalyBy(clean)),
    rowOf('baseline: requests', (session) => session.requests.length),
    rowOf('baseline: share of rare operations', shareOfRare(counts)),
  ];
};

const operationsOf = (session: LabelledSession): number[] => session.requests.map((each) => each.operation);
const anomalyBy =
  (model: Model): Statistic =>
  (session) =>
    sessionLikelihood(model, operationsOf(session)).anomaly;

/** Rare: less than a hundredth of all. */
const shareOfRare = (counts: readonly SequenceCount[]): Statistic => {
  const singles = counts.filter((each) => each.operations.length === 1);
  const all = singles.reduce((sum, each) => sum + each.occurrences, 0);
  const rare = new Set(
    singles.filter((each) => each.occurrences * 100 < all).map((each) => each.operations[0] as number),
  );
  return (session) => {
    const operations = collapsed(operationsOf(session));
    return operations.filter((each) => rare.has(each)).length / operations.length;
  };
};

const measured = (name: string, sessions: readonly LabelledSession[], statistic: Statistic): AnomalyRow => {
  const values = sessions.map((session) => ({ value: statistic(session), abuse: session.abuse }));
  const valuesOf = (kind: AbuseKind | null): number[] =>
    values.filter((each) => each.abuse === kind).map((each) => each.value);
  const strangest = values.toSorted((a, b) => b.value - a.value).slice(0, Math.ceil(values.length / 100));
  return {
    name,
    auc: abuseKinds.map((kind) => aucOf(valuesOf(kind), valuesOf(null))),
    inStrangest:
      strangest.filter((each) => each.abuse !== null).length /
      values.filter((each) => each.abuse !== null).length,
  };
};
