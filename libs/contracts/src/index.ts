export * from './avro.ts';
export * from './counted-sequence.ts';
export * from './errors.ts';
export * from './events.ts';
export * from './expression-rules.ts';
export * from './ids.ts';
export * from './topics.ts';
export * from './zone-config.ts';
