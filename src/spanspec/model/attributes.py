"""Attribute values: what OTLP's AnyValue can hold, kept apart by type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

AttributeValue: TypeAlias = (
    "str | bool | int | float | bytes | tuple[AttributeValue, ...] | Mapping[str, AttributeValue] | None"
)
"""Text, boolean, 64-bit integer, double, bytes, array, key-value list, or the empty value (None).

A boolean is tested for before an integer, for Python's `bool` is an `int`.
"""

Attributes: TypeAlias = Mapping[str, AttributeValue]
