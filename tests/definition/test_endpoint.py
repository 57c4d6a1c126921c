"""URLs and endpoints."""

from __future__ import annotations

import pytest

from spanspec.definition.endpoint import is_relative, joined, replaced


@pytest.mark.parametrize(
    ("url", "relative"),
    [("/x", True), ("", True), ("?a=1", True), ("x.com/y", False), ("http://h/x", False), ("//h/x", False)],
)
def test_a_url_is_relative_when_it_begins_with_its_path_or_query(url: str, relative: bool) -> None:
    """A host without a scheme is a host, as in the reference."""
    assert is_relative(url) is relative


@pytest.mark.parametrize(
    ("endpoint", "url", "whole"),
    [
        ("http://h/api", "/x", "http://h/api/x"),
        ("http://h/api/", "/x", "http://h/api/x"),
        ("http://h", "/x?q=1", "http://h/x?q=1"),
        ("http://h/api", "", "http://h/api"),
        ("http://h/api", "?q=1", "http://h/api?q=1"),
        ("h:8080", "/x", "http://h:8080/x"),
    ],
)
def test_a_relative_url_is_appended_and_the_path_kept(endpoint: str, url: str, whole: str) -> None:
    """The endpoint's path stays before the URL's."""
    assert joined(endpoint, url) == whole


@pytest.mark.parametrize(
    ("endpoint", "url", "origin", "whole"),
    [
        ("http://new:1", "http://old:2/x", "", "http://new:1/x"),
        ("https://new/v2", "http://old/x?q#f", "http://old", "https://new/v2/x?q#f"),
        ("http://new", "http://old:80/x", "http://OLD", "http://new/x"),
        ("http://new", "http://other/x", "http://old", "http://other/x"),
        ("http://new", "https://old/x", "http://old", "https://old/x"),
        ("http://new", "old/x", "http://old", "http://new/x"),
        ("http://new", "http://old?q=1", "", "http://new?q=1"),
        ("http://new", "http://[bad/x", "http://old", "http://[bad/x"),
    ],
)
def test_an_endpoint_from_outside_replaces_its_origin(endpoint: str, url: str, origin: str, whole: str) -> None:
    """Scheme, host and port change where the origin is the file's own; other hosts are left alone."""
    assert replaced(endpoint, url, origin) == whole
