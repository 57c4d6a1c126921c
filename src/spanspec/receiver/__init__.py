"""The embedded OTLP receiver: HTTP and gRPC."""
