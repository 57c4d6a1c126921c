"""The language: picks spans and states what must hold. Values in, values out; no clock, socket, file or randomness."""
