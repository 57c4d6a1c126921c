"""The answer of a trigger, for Python."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.model.attributes import Attributes
    from spanspec.model.context import TriggerResult


class Response:
    """What a trigger got back."""

    __slots__ = ("_model",)

    def __init__(self, model: TriggerResult) -> None:
        self._model = model

    @property
    def model(self) -> TriggerResult:
        """The answer as a value."""
        return self._model

    @property
    def status(self) -> int | None:
        """Status code of HTTP or gRPC; None where the kind of trigger has none."""
        return self._model.status

    @property
    def text(self) -> str:
        """The body as text, cut at the trigger's bound."""
        return self._model.body

    def json(self) -> Any:
        """The body read as JSON.

        Raises:
            ValueError: It is none; the text says how it begins.
        """
        try:
            return json.loads(self._model.body)
        except ValueError as fault:
            raise ValueError(f"the answer is no JSON: {fault}; it begins with {self._model.body[:80]!r}") from fault

    @property
    def headers(self) -> Mapping[str, str]:
        """By name in lower case; repeats are joined by `, `."""
        names = dict.fromkeys(name.lower() for name, _ in self._model.headers)
        return MappingProxyType({name: self._model.header(name) or "" for name in names})

    @property
    def attributes(self) -> Attributes:
        """What else the kind of trigger tells: `partition` and `offset` of a message, `exit_code` of a command."""
        return self._model.attributes

    @property
    def duration(self) -> Duration:
        """From sending to the whole answer."""
        return Duration(self._model.duration_ns)

    def __repr__(self) -> str:
        status = "" if self._model.status is None else f" {self._model.status}"
        return f"<Response{status} to {self._model.request} in {self.duration}>"
