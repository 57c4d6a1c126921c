"""The definitions of `examples/triggers`, run by the real command."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples" / "triggers"


async def spanspec_run(what: str | Path, *variables: str) -> tuple[int, str]:
    """The exit code, and what the command printed, of a file, or of a trigger's example, with its peer's address as variable."""
    path = what if isinstance(what, Path) else EXAMPLES / what
    words = [
        sys.executable,
        "-m",
        "spanspec",
        "run",
        os.fspath(path),
        "--receiver",
        "127.0.0.1:0",
        "--linger",
        "0",
    ]
    for variable in variables:
        words += ["--var", variable]
    process = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, said.decode(errors="replace")
