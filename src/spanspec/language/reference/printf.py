"""Go's printf on texts: what the reference makes of a text with `%` in it as soon as it has one `${…}`.

The rules are those of the package `fmt`: flags, an index in brackets, a width, a precision, a verb; what is wrong with
one is written into the result. A verb that takes no text writes `%!d(string=…)`, one without an argument `%!s(MISSING)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spanspec.language.comparing.forms import MAX_TEXT
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 1_000_000
"""The greatest width and precision that `fmt` reads; beyond it the rest of the text is no verb."""

_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}


def printf(template: str, arguments: Sequence[str]) -> str:
    """Write `template` with `arguments`, all of them texts, as Go's `fmt.Sprintf` does.

    Raises:
        EvaluationError: The result has more than `MAX_TEXT` characters.
    """
    return _Printer(template, arguments).run()


@dataclass(slots=True)
class _Shape:
    """How one verb is to write."""

    flags: str = ""
    width: int | None = None
    precision: int | None = None
    go_syntax: bool = False

    def written(self, verb: str, text: str) -> str:
        if verb == "T":
            return self.padded(self.cut("string"))
        if verb == "s" or (verb == "v" and not self.go_syntax):
            return self.padded(self.cut(text))
        if verb in "qv":
            return self.padded(self.quoted(self.cut(text)))
        if verb in "xX":
            return self.hexadecimal(verb, text)
        return f"%!{verb}(string={self.written('v', text)})"

    def padded(self, text: str) -> str:
        if "-" in self.flags:
            return text.ljust(self.width or 0)
        return text.rjust(self.width or 0, "0" if "0" in self.flags else " ")

    def cut(self, text: str) -> str:
        return text if self.precision is None else text[: self.precision]

    def quoted(self, text: str) -> str:
        plain = all(char == "\t" or (char >= " " and char not in "`\x7f\ufeff") for char in text)
        if "#" in self.flags and plain:
            return f"`{text}`"
        return '"' + "".join(_escaped(char, ascii_only="+" in self.flags) for char in text) + '"'

    def hexadecimal(self, verb: str, text: str) -> str:
        raw = text.encode("utf-8", "surrogatepass")[: self.precision]
        prefix = "0x" if "#" in self.flags and raw else ""
        digits = f" {prefix}".join(f"{byte:02x}" for byte in raw) if " " in self.flags else raw.hex()
        written = prefix + digits
        return self.padded(written.upper() if verb == "X" else written)


def _escaped(char: str, *, ascii_only: bool) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isascii() and char.isprintable():
        return char
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if char.isprintable() and not ascii_only:
        return char
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@dataclass(slots=True)
class _Printer:
    """Goes through a template; `argument` is the next to be written."""

    template: str
    arguments: Sequence[str]
    at: int = 0
    argument: int = 0
    reordered: bool = False
    good_index: bool = True
    out: list[str] = field(default_factory=list)
    length: int = 0

    def run(self) -> str:
        while (percent := self.template.find("%", self.at)) >= 0:
            self.write(self.template[self.at : percent])
            self.at = percent + 1
            self.verb()
        self.write(self.template[self.at :])
        if not self.reordered and self.argument < len(self.arguments):
            extra = ", ".join(f"string={text}" for text in self.arguments[self.argument :])
            self.write(f"%!(EXTRA {extra})")
        return "".join(self.out)

    def write(self, text: str) -> None:
        self.length += len(text)
        if self.length > MAX_TEXT:
            raise EvaluationError(f"the text has more than {MAX_TEXT} characters")
        self.out.append(text)

    def peek(self) -> str:
        return self.template[self.at : self.at + 1]

    def verb(self) -> None:
        self.good_index = True
        shape = _Shape(flags=self.flags())
        after_index = self.width(shape, after_index=self.index())
        if self.peek() == "." and self.at + 1 < len(self.template):
            self.at += 1
            after_index = self.precision(shape, after_index=after_index)
        if not after_index:
            self.index()
        verb = self.peek()
        self.at += 1
        if not verb:
            self.write("%!(NOVERB)")
        elif verb == "%":
            self.write("%")
        elif not self.good_index:
            self.write(f"%!{verb}(BADINDEX)")
        elif self.argument >= len(self.arguments):
            self.write(f"%!{verb}(MISSING)")
        else:
            shape.go_syntax = verb in "vw" and "#" in shape.flags
            shape.flags = shape.flags.replace("#", "") if shape.go_syntax else shape.flags
            if max(shape.width or 0, len(self.arguments[self.argument])) > MAX_TEXT:
                raise EvaluationError(f"the text has more than {MAX_TEXT} characters")
            self.write(shape.written(verb, self.arguments[self.argument]))
            self.argument += 1

    def flags(self) -> str:
        start = self.at
        while self.peek() and self.peek() in "#0+- ":
            self.at += 1
        found = self.template[start : self.at]
        return found.replace("0", "") if "-" in found else found

    def index(self) -> bool:
        """Read `[n]`; whether there was a well-formed one."""
        if self.peek() != "[":
            return False
        self.reordered = True
        end = self.template.find("]", self.at)
        if end < 0:
            self.good_index = False
            self.at += 1
            return False
        inside = self.template[self.at + 1 : end]
        self.at = end + 1
        well_formed = inside.isascii() and inside.isdigit() and len(inside) < 8
        if well_formed and 0 < int(inside) <= len(self.arguments):
            self.argument = int(inside) - 1
        else:
            self.good_index = False
        return well_formed

    def width(self, shape: _Shape, *, after_index: bool) -> bool:
        if self.peek() == "*":
            self.star("%!(BADWIDTH)")
            return False
        shape.width = self.number()
        if after_index and shape.width is not None:
            self.good_index = False
        return after_index

    def precision(self, shape: _Shape, *, after_index: bool) -> bool:
        if after_index:
            self.good_index = False
        after_index = self.index()
        if self.peek() == "*":
            self.star("%!(BADPREC)")
            return False
        shape.precision = self.number() or 0
        return after_index

    def star(self, message: str) -> None:
        """A width or precision from an argument: a text is no number."""
        self.at += 1
        self.argument += self.argument < len(self.arguments)
        self.write(message)

    def number(self) -> int | None:
        """The digits here; with too many, all the rest is taken."""
        start, value = self.at, 0
        while self.peek().isascii() and self.peek().isdigit():
            if value > _MOST:
                self.at = len(self.template)
                return None
            value = value * 10 + int(self.peek())
            self.at += 1
        return value if self.at > start else None
