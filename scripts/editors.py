"""Writes what editors use, from the language's own tables: a TextMate grammar and the words as JSON.

    python scripts/editors.py            write `editors/`
    python scripts/editors.py --check    exit 1 when a file there is out of date

The grammar is injected into YAML: it colours the texts under `expect`, `specs`, `outputs` and `until`, one line or a block.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from spanspec.language.lexicon import WORDS, Part

TARGET = Path(__file__).resolve().parents[1] / "editors"


def main() -> int:
    """Write or check."""
    stale = []
    for name, content in files().items():
        path = TARGET / name
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv[1:]:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{'out of date' if '--check' in sys.argv[1:] else 'written'}: editors/{name}")
    return 1 if stale and "--check" in sys.argv[1:] else 0


def files() -> dict[str, Any]:
    """Each file's name with its content."""
    return {
        "spanspec.tmLanguage.json": grammar(),
        "words.json": [
            {"name": word.name, "kind": word.part.value, "call": word.call, "doc": word.doc, "example": word.example}
            for word in WORDS
        ],
        "package.json": extension(),
    }


def extension() -> dict[str, Any]:
    """The description by which VS Code loads the folder as an extension."""
    return {
        "name": "spanspec",
        "displayName": "spanspec",
        "description": "Colours spanspec's language inside YAML.",
        "version": "0.1.0",
        "publisher": "spanspec",
        "license": "Apache-2.0",
        "engines": {"vscode": "^1.75.0"},
        "contributes": {
            "grammars": [
                {
                    "scopeName": "text.spanspec.injection",
                    "path": "./spanspec.tmLanguage.json",
                    "injectTo": ["source.yaml"],
                    "embeddedLanguages": {"meta.embedded.spanspec": "spanspec"},
                }
            ]
        },
    }


def grammar() -> dict[str, Any]:
    """The grammar: where texts stand, and what they are made of."""
    inside = [{"include": "#text"}]
    line_keys = "that|selector|value"
    lists = "expect|assertions|specs|testSpec|outputs"
    return {
        "scopeName": "text.spanspec.injection",
        "injectionSelector": "L:source.yaml -comment",
        "patterns": [{"include": "#list"}, {"include": "#until"}],
        "repository": {
            "list": {
                "comment": "what stands below `expect:`, `specs:` and `outputs:`, until the indentation ends",
                "begin": rf"^(\s*)(?:- )?({lists})\s*(:)\s*$",
                "beginCaptures": {
                    "2": {"name": "entity.name.tag.yaml"},
                    "3": {"name": "punctuation.separator.key-value.mapping.yaml"},
                },
                "end": r"^(?!\1\s*- |\1\s+\S|\s*$|\s*#)",
                "patterns": [{"include": "#list"}, {"include": "#block"}, {"include": "#line"}, {"include": "#item"}],
            },
            "item": {
                "match": r"""^\s*(-)\s+(?![\w-]+:\s)(["']?)([^#\n]*?)(\2)\s*(?:(#.*))?$""",
                "captures": {
                    "1": {"name": "punctuation.definition.block.sequence.item.yaml"},
                    "3": {"name": "meta.embedded.spanspec", "patterns": inside},
                    "5": {"name": "comment.line.number-sign.yaml"},
                },
            },
            "until": line("until", inside),
            "line": line(line_keys, inside),
            "block": {
                "begin": rf"^(\s*)(?:-\s+)?(?:({line_keys})\s*(:)\s+)?([|>][-+0-9]*)\s*$",
                "beginCaptures": {
                    "2": {"name": "entity.name.tag.yaml"},
                    "3": {"name": "punctuation.separator.key-value.mapping.yaml"},
                    "4": {"name": "keyword.control.flow.block-scalar.yaml"},
                },
                "end": r"^(?!\1\s+\S|\s*$)",
                "contentName": "meta.embedded.spanspec",
                "patterns": inside,
            },
            "text": {"patterns": tokens()},
        },
    }


def line(keys: str, inside: list[dict[str, Any]]) -> dict[str, Any]:
    """A key with its text on one line."""
    return {
        "match": rf"""^\s*(?:-\s+)?({keys})\s*(:)\s+(?![|>])(["']?)(.*?)(\3)\s*$""",
        "captures": {
            "1": {"name": "entity.name.tag.yaml"},
            "2": {"name": "punctuation.separator.key-value.mapping.yaml"},
            "4": {"name": "meta.embedded.spanspec", "patterns": inside},
        },
    }


def tokens() -> list[dict[str, Any]]:
    """The parts of a text, the most particular first."""
    return [
        {"name": "comment.line.double-slash.spanspec", "match": r"//.*$"},
        {"name": "comment.block.spanspec", "begin": r"/\*", "end": r"\*/"},
        quoted('"', "double"),
        quoted("'", "single"),
        {"name": "constant.numeric.duration.spanspec", "match": r"\b(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h|d))+\b"},
        {"name": "constant.numeric.spanspec", "match": r"\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b"},
        {"name": "constant.language.spanspec", "match": r"\b(?:true|false|null)\b"},
        {"name": "keyword.control.quantifier.spanspec", "match": spelled(Part.QUANTIFIER)},
        {"name": "keyword.operator.relation.spanspec", "match": spelled(Part.RELATION)},
        {"name": "keyword.operator.word.spanspec", "match": spelled(Part.CONNECTIVE)},
        {"name": "keyword.operator.comparison.spanspec", "match": spelled(Part.COMPARATOR)},
        {"name": "entity.other.attribute-name.pseudo-class.spanspec", "match": rf":(?:{either(Part.PSEUDO)})\b"},
        {"name": "support.function.spanspec", "match": rf"\b(?:{either(Part.FUNCTION)})(?=\s*\()"},
        {
            "match": rf"(\|)\s*({either(Part.FILTER)})\b",
            "captures": {"1": {"name": "keyword.operator.pipe.spanspec"}, "2": {"name": "support.function.filter.spanspec"}},
        },
        {"name": "storage.type.span.spanspec", "match": r"\bspan\b(?!:)"},
        {"name": "storage.modifier.prefix.spanspec", "match": rf"\b(?:{either(Part.PREFIX)})(?=[\w\"'])"},
        {"name": "variable.other.attribute.spanspec", "match": r"[^\W\d]\w*(?:[.-]\w+)*"},
        {"name": "keyword.operator.spanspec", "match": r">>|<<|->|[<>~=!]=?|[-+*/]"},
    ]  # fmt: skip


def quoted(mark: str, name: str) -> dict[str, Any]:
    """A text between quotes, with its escapes and placeholders."""
    return {
        "name": f"string.quoted.{name}.spanspec",
        "begin": mark,
        "end": mark,
        "patterns": [
            {"name": "constant.character.escape.spanspec", "match": r"\\(?:u[0-9a-fA-F]{4}|.)"},
            {"name": "variable.other.placeholder.spanspec", "match": r"\$\{[^}]*\}"},
        ],
    }


def spelled(part: Part) -> str:
    """A pattern of all words of a kind, not inside a longer key."""
    words, signs = [], []
    for word in sorted((word.name for word in WORDS if word.part is part), key=len, reverse=True):
        (words if word[0].isalpha() else signs).append(re.escape(word).replace(r"\ ", r"\s+"))
    return "|".join([rf"(?<![\w.-])(?:{'|'.join(words)})(?![\w.-])", *signs])


def either(part: Part) -> str:
    """The names of a kind, the longest first."""
    names = sorted((word.name for word in WORDS if word.part is part), key=len, reverse=True)
    return "|".join(re.escape(name) for name in names)


if __name__ == "__main__":
    sys.exit(main())
