"""The elements of a JUnit document before they are XML: what they hold, and the order that the common schema wants."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from spanspec.results.columns import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 500
"""Cells of an attribute's value."""

_INVALID = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A try before the last one, as Surefire writes it.

    Attributes:
        tag: `flakyFailure` or `flakyError` where a later try passed, else `rerunFailure` or `rerunError`.
        kind: Its type.
        message: Why it did not pass.
        body: More of it.
    """

    tag: str
    kind: str
    message: str
    body: str = ""

    def element(self) -> ET.Element:
        """The element."""
        element = ET.Element(self.tag, {"message": self.message, "type": self.kind})
        ET.SubElement(element, "stackTrace").text = valid(self.body) or None
        return element


@dataclass(slots=True, kw_only=True)
class Case:
    """A test case. `verdict` is the child's tag: `failure error skipped`, or empty."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    verdict: str = ""
    kind: str = ""
    message: str = ""
    body: str = ""
    output: str = ""
    properties: list[tuple[str, str]] = field(default_factory=list)
    earlier: list[Earlier] = field(default_factory=list)

    def element(self) -> ET.Element:
        """The element; children in the order that the common schema has them in."""
        element = ET.Element("testcase", {"name": self.name, **self.attributes})
        _add_properties(element, self.properties)
        if self.verdict:
            attributes = {"message": self.message}
            if self.verdict != "skipped":
                attributes = {"type": self.kind, **attributes}
            ET.SubElement(element, self.verdict, attributes).text = valid(self.body) or None
        element.extend(each.element() for each in self.earlier)
        if self.output:
            ET.SubElement(element, "system-out").text = valid(self.output)
        return element


@dataclass(slots=True, kw_only=True)
class Suite:
    """A suite."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)
    output: str = ""

    def element(self) -> ET.Element:
        """The element."""
        element = ET.Element("testsuite", {"name": self.name, **totals([self]), **self.attributes})
        _add_properties(element, self.properties)
        element.extend(case.element() for case in self.cases)
        if self.output:
            ET.SubElement(element, "system-out").text = valid(self.output)
        return element


def totals(suites: Iterable[Suite]) -> dict[str, str]:
    """How many test cases there are, and of each verdict."""
    verdicts = [case.verdict for suite in suites for case in suite.cases]
    return {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count("failure")),
        "errors": str(verdicts.count("error")),
        "skipped": str(verdicts.count("skipped")),
    }


def text(words: str) -> str:
    """A text as an attribute's value: one bounded line of characters that XML has."""
    return valid(one_line(words, MOST))


def valid(words: str) -> str:
    """The text with the characters that XML does not have as escapes."""
    return _INVALID.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), words)


def _add_properties(element: ET.Element, properties: list[tuple[str, str]]) -> None:
    if not properties:
        return
    parent = ET.SubElement(element, "properties")
    for name, value in properties:
        ET.SubElement(parent, "property", {"name": name, "value": value})
