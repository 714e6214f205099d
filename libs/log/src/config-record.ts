/** A change of configuration as a record of config.v1; `tailConfig` reads it. */
import { type ConfigRecord, configHeaders, configKey, configToAvro, Topic } from '@precede/contracts';
import type { AvroCodec, OutgoingRecord } from './port.ts';

/** By its zone, so that the records of a revision stay in order. A record without a body is a tombstone. */
export const configRecordOf = (codec: AvroCodec, record: ConfigRecord): OutgoingRecord => {
  const value = configToAvro(record);
  return {
    topic: Topic.config,
    key: configKey(record.zoneId, record.kind, record.id),
    value: value === null ? null : codec.encode(Topic.config, value),
    headers: configHeaders(record),
    partitionBy: Buffer.from(record.zoneId, 'hex'),
  };
};
