"""What the common JUnit schema (`junit-10.xsd` of the Jenkins xUnit plugin) allows, as tables, and a check by them.

Four additions that the schema leaves out, and that CI systems read all the same, are named in `ADDED`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

ATTRIBUTES = {
    "testsuites": "name time tests failures errors",
    "testsuite": "name tests failures errors group time skipped timestamp hostname id package file log url",
    "testcase": "name time classname group",
    "failure": "type message",
    "error": "type message",
    "skipped": "type message",
    "properties": "",
    "property": "name value",
    "system-out": "",
    "system-err": "",
    **dict.fromkeys(("rerunFailure", "rerunError", "flakyFailure", "flakyError"), "type message"),
}
REQUIRED = {
    "testsuite": "name tests failures errors",
    "testcase": "name",
    "property": "name value",
    **dict.fromkeys(("rerunFailure", "rerunError", "flakyFailure", "flakyError"), "type"),
}
CHILDREN = {
    "testsuites": "(testsuite )*",
    "testsuite": "((testsuite|properties|testcase|system-out|system-err) )*",
    "testcase": "((skipped|error|failure|rerunFailure|rerunError|flakyFailure|flakyError|system-out|system-err) )*",
    "properties": "(property )*",
    **dict.fromkeys(
        ("rerunFailure", "rerunError", "flakyFailure", "flakyError"), "(stackTrace )?(system-out )?(system-err )?"
    ),
}
"""The children of an element in their order, each with a blank after it; none where it is not named."""

TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")
ADDED = {"testsuites": {"skipped"}, "testcase": {"file", "line", "properties"}}


def faults(data: bytes) -> list[str]:
    """Every place where a document departs from the schema, but for what is added."""
    return [fault for element in ET.fromstring(data).iter() for fault in _faults(element)]


def _faults(element: ET.Element) -> Iterator[str]:
    tag, added = element.tag, ADDED.get(element.tag, set())
    if tag == "stackTrace":
        return
    if tag not in ATTRIBUTES:
        yield f"no element {tag}"
        return
    given = set(element.attrib) - added
    yield from (f"{tag} has no {name}" for name in sorted(given - set(ATTRIBUTES[tag].split())))
    yield from (f"{tag} lacks {name}" for name in REQUIRED.get(tag, "").split() if name not in given)
    children = "".join(f"{child.tag} " for child in element if child.tag not in added)
    if not re.fullmatch(CHILDREN.get(tag, ""), children):
        yield f"{tag} has the children {children}"
    if tag in ("testsuites", "testsuite") and not TIME.fullmatch(element.get("time", "")):
        yield f"the time of a {tag} is {element.get('time')}"
