"""What stands behind a name: fields of the span, the trace, the answer."""
