/**
 * The version of what a partition keeps in its changelog. The code of the step is part of it: chunks are put through the
 * step again. It stands in a header of the head, where a release can read it that cannot read the record.
 *
 * A release that changes what a step does to windows, or what the records mean, raises it, and either reads the format
 * before it too or refuses it here and says what to do.
 */
import { ErrorCode, journalHeadKey, PrecedeError, Topic } from '@precede/contracts';
import type { LogRecord } from '@precede/log';

const journalFormat = 1;
const name = 'format';
const headKey = journalHeadKey();

export const journalFormatHeaders: Readonly<Record<string, string>> = { [name]: String(journalFormat) };

/** Of records of the changelog. Compared by its length first: it is asked of each. */
export const isJournalHead = ({ key }: LogRecord): boolean =>
  key !== null && key.length === headKey.length && key.equals(headKey);

/** Throws PRECEDE_STATE_MISMATCH for the head of a newer release. A head without the header is of the first format. */
export const checkJournalFormat = ({ partition, headers }: LogRecord): void => {
  const found = Number(headers[name] ?? '1');
  if (found === journalFormat) return;
  throw new PrecedeError(
    ErrorCode.stateMismatch,
    `The windows of ${Topic.requests}/${partition} have journal format ${found}, of a newer release; this one knows ${journalFormat}. Start the newer release again, or give up the open windows by deleting the records of ${Topic.changelog}/${partition}.`,
  );
};
