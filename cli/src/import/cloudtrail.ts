/**
 * AWS CloudTrail files: `{"Records": [...]}`. An API call becomes POST /EventName on the event source's host;
 * its session is the caller: access key, else ARN, else the service that called on somebody's behalf.
 */
import { type ImportedEvent, type Parsed, parseTime, type SessionChoice } from './event.ts';

type Json = Readonly<Record<string, unknown>>;

/** The records of one file; throws where the file is no CloudTrail JSON. */
export const cloudTrailRecords = (text: string): readonly unknown[] => {
  const file = JSON.parse(text) as { Records?: unknown };
  if (!Array.isArray(file.Records)) throw new Error('no "Records" array in it');
  return file.Records;
};

export const parseCloudTrail = (record: unknown, choice: SessionChoice | undefined): Parsed => {
  if (typeof record !== 'object' || record === null) return { refused: 'a record is no JSON object' };
  const r = record as Json;
  const timeMs = parseTime(r['eventTime']);
  if (timeMs === undefined) return { refused: 'eventTime: must be RFC 3339 text' };
  const { eventName, eventSource } = r;
  if (typeof eventName !== 'string' || eventName === '') return { refused: 'eventName: must be text' };
  if (typeof eventSource !== 'string' || eventSource === '') return { refused: 'eventSource: must be text' };
  const session = sessionOf(r, choice);
  const event: ImportedEvent = {
    timeMs,
    method: 'POST',
    host: eventSource,
    path: `/${encodeURIComponent(eventName)}`,
    status: r['errorCode'] === undefined ? 200 : 400,
    ...(session === undefined ? {} : { session }),
  };
  return { event };
};

const sessionOf = (r: Json, choice: SessionChoice | undefined): string | undefined => {
  if (choice?.kind === 'client')
    return `${String(r['sourceIPAddress'] ?? '')}\n${String(r['userAgent'] ?? '')}`;
  if (choice !== undefined && choice.kind !== 'field') return undefined;
  const identity = (r['userIdentity'] ?? {}) as Json;
  const caller = [identity['accessKeyId'], identity['arn'], identity['invokedBy']];
  return caller.find((each): each is string => typeof each === 'string' && each !== '');
};
