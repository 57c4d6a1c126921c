"""Telemetry as values: frozen, slotted, without a third party, a clock or a socket."""
