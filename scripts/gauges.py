"""Print the project's gauges and fail where one is out of bounds.

Run by `make check`. Each gauge says what it measured, its bound, and the worst places.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "spanspec"
MODULE_LINES, PARSER_LINES = 500, 600
FUNCTION_P90, FUNCTION_MAX, FUNCTION_MEDIAN, MODULE_MEDIAN = 30, 80, 8, 200
PATCHES_PER_100 = 2.0
ARCHITECTURE_LINES = 60


def main() -> int:
    """Print every gauge; the exit code is 1 when one is out of bounds."""
    faults: list[str] = []
    for gauge in (modules, functions, imports, exceptions, docstrings, patches, architecture, startup, plugin_import):
        for ok, line in gauge():
            print(f"{'ok  ' if ok else 'FAIL'} {line}")
            if not ok:
                faults.append(line)
    return 1 if faults else 0


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in _files(SOURCE):
        yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def modules() -> Iterator[tuple[bool, str]]:
    """Lines of each module."""
    sizes = {path.relative_to(ROOT): path.read_text(encoding="utf-8").count("\n") for path in _files(SOURCE)}
    over = [f"{p} {n}" for p, n in sizes.items() if n > (PARSER_LINES if p.name == "parser.py" else MODULE_LINES)]
    worst = max(sizes.items(), key=lambda item: item[1])
    yield (
        not over,
        f"module lines at most {MODULE_LINES} (parser {PARSER_LINES}): worst {worst[0]} {worst[1]} {over or ''}",
    )
    median = statistics.median(size for size in sizes.values() if size > 3)
    yield median <= MODULE_MEDIAN, f"module lines, median at most {MODULE_MEDIAN}: {median:g}"


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        body = body[1:]
    return (function.end_lineno or function.lineno) - body[0].lineno + 1 if body else 0


def functions() -> Iterator[tuple[bool, str]]:
    """Lines of each function's body, its docstring left out."""
    sizes = [
        (_body_lines(node), f"{path}:{node.lineno} {node.name}")
        for path, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    counts = sorted(size for size, _ in sizes)
    p90, worst = counts[int(len(counts) * 0.9)], max(sizes)
    yield p90 <= FUNCTION_P90, f"function lines, 90 % at most {FUNCTION_P90}: {p90}"
    yield worst[0] <= FUNCTION_MAX, f"function lines at most {FUNCTION_MAX}: worst {worst[1]} {worst[0]}"
    median = statistics.median(counts)
    yield median <= FUNCTION_MEDIAN, f"function lines, median at most {FUNCTION_MEDIAN}: {median:g}"


def imports() -> Iterator[tuple[bool, str]]:
    """Imports of our own inside functions."""
    found = [
        f"{path}:{inner.lineno}"
        for path, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if (isinstance(inner, ast.ImportFrom) and (inner.module or "").startswith("spanspec"))
        or (isinstance(inner, ast.Import) and any(alias.name.startswith("spanspec") for alias in inner.names))
    ]
    yield not found, f"function-level imports of our own: {len(found)} {found[:5] or ''}"


def exceptions() -> Iterator[tuple[bool, str]]:
    """`raise Exception` and its like."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id in {"Exception", "BaseException", "NotImplementedError"}
    ]
    yield not found, f"raise Exception: {len(found)} {found[:5] or ''}"


def docstrings() -> Iterator[tuple[bool, str]]:
    """Public names without a docstring or an annotation (ruff and mypy look closer)."""
    bare = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in _trees()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    yield not bare, f"public names without a docstring: {len(bare)} {bare[:5] or ''}"


def patches() -> Iterator[tuple[bool, str]]:
    """Patched names per 100 tests."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in _files(ROOT / "tests"))
    tests = len(re.findall(r"^\s*(?:async )?def test_", text, re.MULTILINE))
    patched = len(re.findall(r"monkeypatch\.(?:setattr|setitem)|mock\.patch", text))
    per = 100 * patched / max(tests, 1)
    yield per <= PATCHES_PER_100, f"patches per 100 tests at most {PATCHES_PER_100:g}: {per:.1f} ({tests} tests)"


def architecture() -> Iterator[tuple[bool, str]]:
    """Lines of ARCHITECTURE.md."""
    lines = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").count("\n")
    yield lines <= ARCHITECTURE_LINES, f"ARCHITECTURE.md lines at most {ARCHITECTURE_LINES}: {lines}"


def startup() -> Iterator[tuple[bool, str]]:
    """What `spanspec --help` imports besides click and the standard library."""
    code = (
        "import sys\nfrom spanspec.cli.main import main\nmain(['--help'])\n"
        "print(*sorted({n.partition('.')[0] for n in sys.modules} - set(sys.stdlib_module_names)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    allowed = {"click", "spanspec", "__main__", "__mp_main__", "sitecustomize", "usercustomize", "colorama"}
    extra = [name for name in done.stderr.split() if name not in allowed and not name.startswith("_")]
    yield not extra, f"imported by spanspec --help besides click: {len(extra)} {extra or ''}"


def plugin_import() -> Iterator[tuple[bool, str]]:
    """What `import spanspec` imports of its own."""
    code = "import spanspec, sys\nprint(*[name for name in sys.modules if name.startswith('spanspec.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    yield not done.stdout.split(), f"modules of ours that `import spanspec` loads: {len(done.stdout.split())}"


if __name__ == "__main__":
    sys.exit(main())
