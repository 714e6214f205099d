/** The variables of the services as their own fields have them. */
import { controlFields } from '@precede/control';
import { enforcerFields } from '@precede/enforcer';
import { ingestFields } from '@precede/ingest';
import { scorerFields } from '@precede/scorer';
import { clickhouseFields, commonFields, type Fields, kafkaFields, retentionFields } from '@precede/service';
import { sessionizerFields } from '@precede/sessionizer';

/** What the jobs read. */
export const setupFields: Fields = { ...kafkaFields, ...clickhouseFields, ...retentionFields };

const all: Fields = {
  ...commonFields,
  ...setupFields,
  ...ingestFields,
  ...sessionizerFields,
  ...scorerFields,
  ...enforcerFields,
  ...controlFields,
};

export const isSecretVariable = (name: string): boolean => all[name]?.isSecret === true;
