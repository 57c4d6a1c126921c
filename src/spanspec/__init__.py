"""Trace-based testing for distributed systems that emit OpenTelemetry."""

__version__ = "0.1.0"
