/**
 * Names of attributes from OpenTelemetry's semantic conventions, as far as they are used here. Not imported from there,
 * as nothing of the SDK is loaded while traces are off; a test compares them.
 */
export const Attr = {
  dbCollectionName: 'db.collection.name',
  dbNamespace: 'db.namespace',
  dbOperationName: 'db.operation.name',
  dbQueryText: 'db.query.text',
  dbSystemName: 'db.system.name',
  errorType: 'error.type',
  httpRequestMethod: 'http.request.method',
  httpResponseStatusCode: 'http.response.status_code',
  httpRoute: 'http.route',
  kafkaOffset: 'kafka.offset',
  messagingBatchMessageCount: 'messaging.batch.message_count',
  messagingDestinationName: 'messaging.destination.name',
  messagingDestinationPartitionId: 'messaging.destination.partition.id',
  messagingOperationName: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  messagingSystemName: 'messaging.system.name',
  rpcMethod: 'rpc.method',
  rpcStatusCode: 'rpc.status_code',
  rpcSystemName: 'rpc.system.name',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  urlPath: 'url.path',
  urlScheme: 'url.scheme',
} as const;
