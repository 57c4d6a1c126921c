"""The OTLP wire, without sockets: walk, decode, encode, exchange."""
