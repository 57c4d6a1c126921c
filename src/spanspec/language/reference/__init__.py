"""The reference's language to the letter, for `compat: tracetest`."""
