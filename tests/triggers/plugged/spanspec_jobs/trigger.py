"""A trigger that puts a job into a queue; the queue is a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import Field

from spanspec.ext import (
    Clock,
    Content,
    Fields,
    LocalPath,
    Pairs,
    SecretText,
    Text,
    TraceContext,
    TriggerError,
    TriggerFields,
    TriggerResult,
    injected,
)


class Retry(Fields):
    """How often it is tried."""

    times: int = Field(default=0, ge=0, description="Tries after the first.")


class Trigger(TriggerFields):
    """Puts one job into the queue."""

    blocks: ClassVar[tuple[str, ...]] = ("jobRequest",)
    answers: ClassVar[Mapping[str, str]] = MappingProxyType({"response:position": "Its place in the queue."})

    queue: Annotated[Text, LocalPath()] = Field(description="The queue's folder.")
    name: Text = Field(description="The job's name.")
    payload: Annotated[str | bytes | None, Content(structure=True, typed_by="headers")] = Field(
        default=None, description="What the job works on."
    )
    headers: Pairs = Field(default_factory=list, description="Stored with the job.")
    token: SecretText = Field(default="", description="Proves who puts it there.")
    retry: Retry | None = Field(default=None, description="What happens when the queue is full.")

    def describe(self) -> str:
        """The queue and the job."""
        return f"QUEUE {Path(self.queue).name} {self.name}"

    def dry_run(self, context: TraceContext) -> str:
        """With the queue's own tool."""
        return f"jobs put {self.name} --traceparent {context.traceparent} --token {self.without_secrets().token}"

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Write the job."""
        start_ns = clock.now_ns()
        folder = Path(self.queue)
        position = len(list(folder.iterdir()))  # noqa: ASYNC240 - an example
        job = {"name": self.name, "payload": self.payload, "headers": injected(self.headers, context, self.propagate)}
        try:
            (folder / f"{position}.json").write_text(json.dumps(job))
        except OSError as fault:
            raise TriggerError(
                f"{self.describe()} failed: {fault.strerror}", help="Make the folder writable."
            ) from fault
        return TriggerResult(
            kind="jobs",
            start_ns=start_ns,
            end_ns=clock.now_ns(),
            request=self.describe(),
            attributes={"position": position},
        )
