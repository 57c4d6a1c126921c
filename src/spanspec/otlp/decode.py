"""From the wire to values: one shape of a span, whichever encoding it came in."""

from spanspec.otlp.decode_json import decode_json
from spanspec.otlp.decode_protobuf import decode_protobuf
from spanspec.otlp.decoded import Decoded

__all__ = ["Decoded", "decode_json", "decode_protobuf"]
