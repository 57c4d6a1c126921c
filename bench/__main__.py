"""Run the benchmarks: `make bench`, or `python -m bench [NAME …]`.

Each prints ratios against a baseline that was measured in the same run, for the machine's own speed says little.
"""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all."""
    known = sorted(
        module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if not module.name.startswith("_")
    )
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    if len(names) == 1:
        for line in importlib.import_module(f"bench.{names[0]}").run():
            print(f"  {line}", flush=True)
        return 0
    for name in names or known:  # each in a process of its own, so that none inherits another's memory
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", "bench", name], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
