"""`python -m spanspec`, and the command's entry point."""

from __future__ import annotations

import sys

from spanspec.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
