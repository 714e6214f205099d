/** Where the parts of an embedded instance listen unless told otherwise. */
export const ports = {
  control: 8080,
  ingest: 8081,
  enforcer: 8082,
  sessionizer: 8083,
  scorer: 8084,
  clickhouse: 8123,
} as const;
export type PortName = keyof typeof ports;
