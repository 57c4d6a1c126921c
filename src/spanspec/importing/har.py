"""Recordings of browsers and proxies (HTTP Archive 1.2, http://www.softwareishard.com/blog/har-12-spec/) as tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from spanspec.errors import UsageError
from spanspec.importing.drafts import MAX_DRAFTS, Check, Draft, Imported, Notes
from spanspec.importing.reading import json_object, listed, mapping, text
from spanspec.importing.request import FORM, Part, Request, trigger_of
from spanspec.importing.secrets import Secrets
from spanspec.source.render import visible

_STATIC: Final = frozenset(
    {"image", "stylesheet", "font", "media", "script", "manifest", "texttrack", "ping", "websocket", "preflight"}
)
_STATIC_MEDIA: Final = (
    "image/",
    "font/",
    "audio/",
    "video/",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/font",
)
_BROWSER_WRITES: Final = frozenset(
    {"user-agent", "referer", "origin", "accept-language", "cache-control", "if-none-match", "if-modified-since"}
)


def import_har(content: str, name: str = "<har>") -> Imported:
    """Each request of a recording as a test that expects the status recorded; the files of pages and repeats are left out.

    Args:
        content: The recording.
        name: What it is called in messages.

    Raises:
        UsageError: It is no recording; says where.
    """
    document = json_object(content, name)
    entries = mapping(document.get("log")).get("entries")
    if not isinstance(entries, list):
        raise UsageError(
            f"{visible(name)}: no `log.entries` in it", help="Save the recording as HAR in the browser's network panel."
        )
    notes, secrets = Notes(), Secrets()
    drafts: list[Draft] = []
    static = repeats = 0
    for number, each in enumerate(entries, 1):
        entry = mapping(each)
        if _is_static(entry):
            static += 1
            continue
        draft = _draft(entry, number, notes, secrets)
        if draft is None or len(drafts) >= MAX_DRAFTS:
            continue
        if any(draft == known for known in drafts[-100:]):
            repeats += 1
        else:
            drafts.append(draft)
    if static:
        notes.say(f"left out: {static} requests for files of pages (images, styles, scripts, fonts) and preflights")
    if repeats:
        notes.say(f"left out: {repeats} repeats of a request")
    if len(drafts) == MAX_DRAFTS:
        notes.say(f"the first {MAX_DRAFTS} requests are taken")
    return Imported(drafts=tuple(drafts), notes=notes.all, needed=secrets.needed)


def _is_static(entry: dict[str, object]) -> bool:
    request, answer = mapping(entry.get("request")), mapping(entry.get("response"))
    if text(request.get("method")).upper() == "OPTIONS":
        return True
    kind = text(entry.get("_resourceType")).lower()
    media = text(mapping(answer.get("content")).get("mimeType")).lower()
    return kind in _STATIC or (not kind and media.startswith(_STATIC_MEDIA))


def _draft(entry: dict[str, object], number: int, notes: Notes, secrets: Secrets) -> Draft | None:
    said = mapping(entry.get("request"))
    url = text(said.get("url"))
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        notes.say(f"entry {number} has no HTTP URL and was left out")
        return None
    headers = tuple(
        (name.lower(), value) for name, value in _pairs(said.get("headers")) if name.lower() not in _BROWSER_WRITES
    )
    data = mapping(said.get("postData"))
    request = _with_body(
        Request(method=text(said.get("method")) or "GET", url=url.partition("#")[0], headers=headers),
        data,
        number,
        notes,
    )
    status = mapping(entry.get("response")).get("status")
    known = isinstance(status, int) and not isinstance(status, bool) and status >= 100
    checks: tuple[Check, ...] = (
        Check(that=f"response:status = {status}" if known else "response:status < 400"),
        Check(that="no_errors()"),
    )
    if known and isinstance(status, int) and status >= 500:
        checks = checks[:1]
    trigger = trigger_of(_faithful(request, status), secrets)
    return Draft(name=request.title, trigger=trigger, checks=checks)


def _faithful(request: Request, status: object) -> Request:
    """A redirect that was recorded is an entry of its own, so it is not followed."""
    redirected = isinstance(status, int) and 300 <= status < 400
    return replace(request, more={"redirects": False}) if redirected else request


def _pairs(value: object) -> list[tuple[str, str]]:
    found = (mapping(item) for item in listed(value))
    return [(text(each.get("name")), text(each.get("value"))) for each in found if text(each.get("name")).strip()]


def _with_body(request: Request, data: dict[str, object], number: int, notes: Notes) -> Request:
    media = text(data.get("mimeType")).partition(";")[0].strip().lower()
    params, body = listed(data.get("params")), text(data.get("text"))
    plain = tuple(each for each in request.headers if each[0] != "content-type")
    if media == "multipart/form-data":
        if not params:
            notes.say(
                f"entry {number}: the recording does not tell the parts of its multipart body; write them under `multipart`"
            )
            return replace(request, headers=plain)
        return replace(request, headers=plain, parts=tuple(_part(mapping(each), number, notes) for each in params))
    if media == FORM and params and not body:
        return replace(request, headers=plain, form=tuple(_pairs(params)))
    if not body:
        return request
    headers = (
        request.headers
        if len(plain) < len(request.headers) or not media
        else (*request.headers, ("content-type", media))
    )
    return replace(request, headers=headers, body=body)


def _part(said: dict[str, object], number: int, notes: Notes) -> Part:
    filename = text(said.get("fileName"))
    if filename:
        notes.say(
            f"entry {number}: the file {visible(filename)} is not in the recording; it is sent as an empty part, write `file:` in its place"
        )
    return Part(
        name=text(said.get("name")),
        value=text(said.get("value")),
        filename=filename,
        type=text(said.get("contentType")),
    )
