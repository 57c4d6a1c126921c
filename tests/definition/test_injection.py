"""`${NAME}` in files of the reference."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from spanspec.definition.faults import Faults
from spanspec.definition.injection import inject
from spanspec.definition.scalars import Scalar
from spanspec.definition.yaml import plain, read
from spanspec.source.text import SourceText

ENVIRONMENT = {"URL": "http://h", "EMPTY": "", "N": "5", "YES": "true", "COLON": "a: b # c"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${URL}/x", "http://h/x"),
        ("'${URL}${N}'", "http://h5"),
        ("${N}", 5),
        ("'${N}'", "5"),
        ("${YES}", True),
        ("${EMPTY}", None),
        ("${COLON}", "a: b # c"),
        ("${NO:-default}", "default"),
        ("${NO:-}", None),
        ("${EMPTY:-default}", "default"),
        ("${var:X} ${env:URL} ${uuid()}", "${var:X} ${env:URL} ${uuid()}"),
        ("$${URL}", "$${URL}"),
        ("[ '${N}', { k: '${N}' } ]", ["5", {"k": "5"}]),
    ],
)
def test_what_is_put_in(text: str, value: object) -> None:
    """A name is replaced by its value wherever it stands; a plain scalar is then read anew; YAML's own signs in it are text."""
    faults = Faults(SourceText("x", f"- {text}\n"))
    node = inject(read(faults.source).documents[0], ENVIRONMENT, faults)
    assert plain(node) == [value]
    assert not faults.found


@pytest.mark.parametrize("environment", [{}, {"HOSTS": "h"}])
def test_a_name_that_is_not_set(environment: Mapping[str, str]) -> None:
    """It is an error at its place, not an empty text."""
    faults = Faults(SourceText("x", "- a ${HOST}\n"))
    inject(read(faults.source).documents[0], environment, faults)
    (fault,) = faults.found
    assert fault.code == "unset-variable"
    assert fault.range is not None
    assert faults.source.text[fault.range.start : fault.range.end] == "${HOST}"
    assert ("HOSTS" in fault.label) is bool(environment)


def test_places_after_a_replacement() -> None:
    """What follows a replaced name is still found in the file."""
    faults = Faults(SourceText("x", "a ${URL} tail\n"))
    node = inject(read(faults.source).documents[0], ENVIRONMENT, faults)
    assert isinstance(node, Scalar)
    at = node.offset(node.text.index("tail"))
    assert faults.source.text[at:].startswith("tail")
    assert faults.source.text[node.offset(3) :].startswith("${URL}")
