"""The image: what its instructions promise, held without an engine that builds it."""

from __future__ import annotations

import json
import re

from tests.docs.pages import ROOT

TEXT = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
LINES = [line.split(None, 1) for line in TEXT.splitlines() if line and not line.startswith("#")]


def arguments(instruction: str) -> list[str]:
    """What follows each use of an instruction, in order."""
    return [rest for name, rest in LINES if name == instruction]


def test_every_instruction_is_known() -> None:
    """A misspelt one would only be found by an engine."""
    known = {"FROM", "WORKDIR", "COPY", "ARG", "RUN", "LABEL", "ENV", "USER", "EXPOSE", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in LINES} <= known


def test_bases_are_slim_and_named() -> None:
    """A version and a small base; the last stage copies nothing of the sources."""
    assert all(re.match(r"python:3\.\d+-slim( AS \w+)?$", each) for each in arguments("FROM"))
    last = max(index for index, (name, _) in enumerate(LINES) if name == "FROM")
    assert "COPY" not in {name for name, _ in LINES[last:]}
    assert not arguments("ADD")


def test_it_runs_as_nobody_of_importance() -> None:
    """A numeric user, made before it is used, after everything that needs root."""
    (user,) = arguments("USER")
    assert user.isdigit()
    assert int(user) >= 1000
    assert f"--uid {user}" in TEXT
    names = [name for name, _ in LINES]
    assert "RUN" not in names[names.index("USER") :]


def test_it_starts_the_command() -> None:
    """In the form that takes signals and arguments."""
    assert json.loads(arguments("ENTRYPOINT")[0]) == ["spanspec"]
    assert json.loads(arguments("CMD")[0]) == ["--help"]
    assert arguments("EXPOSE") == ["4317 4318"]


def test_nothing_is_kept_that_is_not_needed() -> None:
    """Pip keeps no cache, and what is copied exists and is let in by .dockerignore."""
    assert all("--no-cache-dir" in each for each in re.findall(r"pip (?:wheel|install)[^&]*", TEXT))
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for copied in arguments("COPY"):
        for source in copied.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source in let_in, f".dockerignore keeps {source} out"
