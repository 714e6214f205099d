/** What docs/telemetry.md says of traces, beside the tables that come from the registries. */

export const traces = `## Traces

Off unless \`PRECEDE_OTLP_ENDPOINT\` names an OpenTelemetry collector ([configuration.md](configuration.md#traces)); why it is made so: [ADR 12](adr/0012-traces-follow-a-request-through-the-log.md). Spans go out over OTLP/HTTP (protobuf) as \`service.name\` \`precede-ingest\`, \`precede-sessionizer\`, \`precede-scorer\`, \`precede-enforcer\` and \`precede-control\`. A request that comes with a W3C \`traceparent\` is traced if that is sampled, one without it by \`PRECEDE_TRACE_SAMPLE\`; what is not sampled costs nothing. Metrics: \`precede_trace_spans_total\`, only where traces are on.

| span | of | below | lasts |
|---|---|---|---|
| \`POST /v1/zones/:zone_id/events\` | ingest, as each route of ingest, control and the HTTP interfaces of the enforcer | the sender's | until the answer |
| \`send requests.v1\` | ingest | its request | until the log has acknowledged the body |
| \`process requests.v1\` | sessionizer | what wrote the record | from the read until the step with its sequence is committed: the wait for the watermark is in it |
| \`step requests.v1\` | sessionizer | a trace of its own | one step and its transaction |
| \`process sequences.v1\` | scorer | \`process requests.v1\` | from the read until its counts are in ClickHouse |
| \`store counts\`, \`store decisions\`, \`store sessions\` … | scorer | a trace of its own | one flush |
| \`INSERT sequence_counts\`, \`SELECT\` … | scorer, control | the flush, the round or the request | one call of ClickHouse, which gets its \`traceparent\` |
| \`rank zone\` | scorer | a trace of its own, by \`PRECEDE_TRACE_SAMPLE\` | one scoring of a zone |
| \`envoy.service.auth.v3.Authorization/Check\`, \`POST /v1/decide\` | enforcer | the gateway's; that of gRPC metadata or of the HTTP request before one in the client's headers | until the answer is there |
| \`decide\` | enforcer | the interface that was asked | the decision: \`precede.verdict\`, \`precede.rule.id\`, \`precede.rule.phase\`, \`precede.decision.id\` |
| \`process decisions.v1\` | scorer | \`decide\` | from the read until its row is in ClickHouse |
| \`write config.v1\` | control | its request | until the change is in the log and applied |

- **Batches.** What thousands of records share is a trace of its own, linked with the spans of its sampled records in both directions, 32 at most. From \`process sequences.v1\` the link leads to \`store counts\` and its inserts. Of one body the first 32 requests carry the trace on.
- **Finding a trace.** The receipt of a decision has \`trace_id\` (\`GET /zones/{zone_id}/decisions/{decision_id}\`, column \`decisions.trace_id\`). Log lines that are written while a span is active have \`trace_id\` and \`span_id\`. Tags: \`precede.zone.id\`, \`precede.decision.id\`, \`precede.rule.id\`. ClickHouse: \`SELECT * FROM system.opentelemetry_span_log WHERE trace_id = …\`, where the server keeps that table.
- **Marks.** \`error.type\` is a code of ours, a status, or \`given_up\`: the partition went, or too many waited, before it was known what became of the record. Messages, values of headers, cookies and session identifiers are in no span; the path of a client is not either.
- **Who asks.** Whoever can send \`traceparent\` can have requests traced; \`PRECEDE_TRACE_LIMIT\` bounds it for each process. At the edge let the gateway set the header: [deploy/gateways](../deploy/gateways/README.md#traces).

| metric | type | labels | meaning | when to worry |
|---|---|---|---|---|
| \`precede_trace_spans_total\` | counter | \`outcome\`: \`exported\`, \`failed\`, \`dropped\`, \`left_out\` | Spans by what became of them. | \`failed\`: the collector is away or refuses; one warning in the log says so, and requests are not slower for it. \`dropped\`: 2,048 waited. \`left_out\`: a bound kept them from being begun; lower \`PRECEDE_TRACE_SAMPLE\`, or look who samples. |
`;
