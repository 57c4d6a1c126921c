// Sends one trace of three spans: node export.js ENCODING URL COMPRESSION, where ENCODING is proto, json or grpc.
// Prints the trace's id.
"use strict";
const [encoding, url, compression] = process.argv.slice(2);
const packages = { proto: "proto", json: "http", grpc: "grpc" };
const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${packages[encoding]}`);
const { NodeTracerProvider, BatchSpanProcessor } = require("@opentelemetry/sdk-trace-node");
const { Resource } = require("@opentelemetry/resources");
const { context, trace, SpanKind, SpanStatusCode } = require("@opentelemetry/api");

const exporter = new OTLPTraceExporter({ url, compression });
const provider = new NodeTracerProvider({
  resource: new Resource({ "service.name": "node-service" }),
  spanProcessors: [new BatchSpanProcessor(exporter)],
});
const tracer = provider.getTracer("export.js", "1.0.0");

const root = tracer.startSpan("GET /node", { kind: SpanKind.SERVER, attributes: { "http.response.status_code": 200 } });
const inside = trace.setSpan(context.active(), root);
const query = tracer.startSpan("SELECT", { kind: SpanKind.CLIENT, attributes: { "db.system": "postgresql", rows: [1, 2], ratio: 0.5 } }, inside);
query.addEvent("fetched", { count: 2 });
query.end();
const failed = tracer.startSpan("charge", { links: [{ context: query.spanContext() }] }, inside);
failed.setStatus({ code: SpanStatusCode.ERROR, message: "declined" });
failed.end();
root.end();

provider.shutdown().then(() => console.log(root.spanContext().traceId));
