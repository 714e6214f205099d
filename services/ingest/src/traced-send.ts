/** Step 5 as a span: what a traced body brings carries its context on, in the headers of its first records. */
import { Topic } from '@precede/contracts';
import type { LogProducer, OutgoingRecord } from '@precede/log';
import { Attr, asSpan, type Tracing, topicAttributes, traceparentHeader } from '@precede/service';

/** A body may have thousands, and each that carries a context has spans all the way. */
const maxCarriers = 32;

export const tracedSend = (
  producer: LogProducer,
  records: readonly OutgoingRecord[],
  tracing: Tracing | undefined,
): Promise<void> => {
  const span =
    tracing?.active() &&
    tracing.child(`send ${Topic.requests}`, {
      kind: 'producer',
      attributes: {
        ...topicAttributes(tracing, Topic.requests, 'send'),
        [Attr.messagingBatchMessageCount]: records.length,
      },
    });
  if (tracing === undefined || span === undefined) return producer.send(records);
  return asSpan(tracing, span, () => producer.send(carrying(records, span.traceparent)));
};

const carrying = (records: readonly OutgoingRecord[], traceparent: string): readonly OutgoingRecord[] => {
  const headers = { [traceparentHeader]: traceparent };
  let carriers = 0;
  return records.map((record) => {
    if (record.topic !== Topic.requests || carriers === maxCarriers) return record;
    carriers += 1;
    return { ...record, headers };
  });
};
