"""Writes `src/spanspec/language/renames.py` from the deprecations of OpenTelemetry's published Python package.

    python scripts/semconv.py            write the table
    python scripts/semconv.py --check    exit 1 when the table is not what the installed package gives

An attribute counts as renamed where its deprecation says "Replaced by" one key and nothing else; what is replaced
"on client spans", "but only if" or by several keys is left to `language.conventions`. Where both keys have a list of
well-known values, the values that both lists hold are kept with the pair.
"""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "opentelemetry-semantic-conventions"
TARGET = Path(__file__).resolve().parents[1] / "src" / "spanspec" / "language" / "renames.py"
REPLACED = re.compile(r"Deprecated: Replaced by `([a-z0-9_.]+)`\.")

HEADER = '''"""Attribute keys that OpenTelemetry has renamed; written by `scripts/semconv.py`, not by hand.

From the deprecations of opentelemetry-semantic-conventions {version} on PyPI.
"""

from __future__ import annotations

from typing import Final

# fmt: off

VERSION: Final = "{version}"
"""Of the package that the table was made from."""

PAIRS: Final[tuple[tuple[str, str], ...]] = (
{pairs})
"""Old key and new key. Several old keys with one new one are folded: the new key does not tell which it was."""

SAME_VALUES: Final[dict[str, tuple[str, ...]]] = {{
{values}}}
"""Old key to the values that mean the same under both keys, where the conventions list values for both."""
'''


def main() -> int:
    """Write or check."""
    text = table()
    if "--check" in sys.argv[1:]:
        same = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text
        print(f"{TARGET.name}: {'as the package says' if same else 'differs: run scripts/semconv.py'}")
        return 0 if same else 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"written: {TARGET.name}")
    return 0


def table() -> str:
    """The module's text."""
    keys: dict[str, str] = {}
    replaced: list[tuple[str, str]] = []
    values: dict[str, set[str]] = {}
    for path in sorted(folder().glob("*_attributes.py")):
        read(path, keys, replaced, values)
    pairs = sorted((old, new) for old, new in replaced if new in keys.values() and old != new)
    same = {old: sorted(values[old] & values[new]) for old, new in pairs if old in values and new in values}
    return HEADER.format(
        version=version(PACKAGE),
        pairs="".join(f'    ("{old}", "{new}"),\n' for old, new in pairs),
        values="".join(f'    "{old}": (\n{lines(found)}    ),\n' for old, found in same.items()),
    )


def lines(found: list[str]) -> str:
    """One value a line."""
    return "".join(f'        "{value}",\n' for value in found)


def folder() -> Path:
    """Where the package keeps the attributes."""
    spec = find_spec("opentelemetry.semconv._incubating.attributes")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations)))


def read(path: Path, keys: dict[str, str], replaced: list[tuple[str, str]], values: dict[str, set[str]]) -> None:
    """Add what one module says: its keys, what replaced them, and the well-known values of each."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(key))):
                keys[name] = key
                found = REPLACED.fullmatch(said(after))
                if found is not None and not name.endswith("_TEMPLATE"):
                    replaced.append((key, found[1]))
            case ast.ClassDef(name=name):
                of = next(
                    (key for const, key in keys.items() if const.replace("_", "").lower() + "values" == name.lower()),
                    "",
                )
                values[of] = {
                    item.value.value
                    for item in node.body
                    if isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant)
                }


def said(node: ast.stmt | None) -> str:
    """The text that stands below a constant."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return node.value.value.strip().splitlines()[0] if node.value.value.strip() else ""
    return ""


if __name__ == "__main__":
    sys.exit(main())
