"""curl's command lines as tests.

Options as in curl 8 (https://curl.se/docs/manpage.html). What says how curl prints or saves is passed over; what would
change the request and cannot be said in a definition is told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.errors import UsageError
from spanspec.importing import shell
from spanspec.importing.curl_options import ALL, SHORT, WITH_VALUE, State, take
from spanspec.importing.drafts import MAX_DRAFTS, MAX_INPUT, Check, Draft, Imported, Notes
from spanspec.importing.request import FORM, Request, basic, trigger_of
from spanspec.importing.secrets import Secrets, templated
from spanspec.source.render import visible
from spanspec.source.suggest import did_you_mean
from spanspec.source.text import SourceText

if TYPE_CHECKING:
    from spanspec.importing.shell import Word

_EXPECTED = (Check(that="response:status < 400"), Check(that="no_errors()"))


def import_curl(text: str, name: str = "<curl>") -> Imported:
    """Every curl command in a text as a test; one that names several URLs is several.

    Args:
        text: What was pasted: options after `curl`, several commands, comments and other commands between them.
        name: What the text is called in messages.

    Raises:
        UsageError: No curl command is in it, a quote is open, or an option has no value; says where.
    """
    if len(text) > MAX_INPUT:
        raise UsageError(
            f"{visible(name)}: more than {MAX_INPUT >> 20} MiB", help="Give the commands in several files."
        )
    source = SourceText(name, text)
    try:
        line = shell.split(text)
    except shell.UnclosedError as fault:
        raise _fault(source, fault.place, str(fault), "Close it, or paste the whole command.") from fault
    notes, secrets = Notes(), Secrets()
    commands = [words for words in map(_after_curl, line.commands) if words is not None]
    if not commands:
        raise UsageError(
            f"{visible(name)}: no curl command in it",
            help="Paste the command with its `curl`: spanspec import curl 'curl https://…'.",
        )
    for variable in line.variables:
        secrets.need(variable, "a variable of the shell")
    if line.substitutions:
        notes.say(
            "a command substitution ($(…) or `…`) is not run: its text was taken as it is; put its value in a variable"
        )
    drafts = [draft for words in commands for draft in _drafts(words, source, notes, secrets)]
    return Imported(drafts=tuple(drafts[:MAX_DRAFTS]), notes=notes.all, needed=secrets.needed)


def _after_curl(words: list[Word]) -> list[Word] | None:
    """The arguments of a command that is curl, also behind `$`, `sudo`, `time` and variables."""
    for index, word in enumerate(words[:6]):
        base = word.text.replace("\\", "/").rpartition("/")[2].lower()
        if base in ("curl", "curl.exe"):
            return words[index + 1 :]
    return None


def _fault(source: SourceText, place: int, what: str, help_: str) -> UsageError:
    at = source.position(place)
    return UsageError(f"{visible(source.name)}:{at.line}:{at.column}: {visible(what)}", help=help_)


# --- options -------------------------------------------------------------------------------------------------------


def _drafts(words: list[Word], source: SourceText, notes: Notes, secrets: Secrets) -> list[Draft]:
    out: list[Draft] = []
    state = State(source, notes, secrets)
    queue = list(reversed(words))
    while queue:
        word = queue.pop()
        if word.text in ("--next", "-:"):
            out.extend(_built(state, word.place))
            state = State(source, notes, secrets)
        elif word.text.startswith("--") and len(word.text) > 2:
            _long(word, queue, state)
        elif word.text.startswith("-") and len(word.text) > 1:
            _short(word, queue, state)
        elif word.text not in ("--", "-"):
            state.urls.append(word.text)
    out.extend(_built(state, words[0].place if words else 0))
    return out


def _long(word: Word, queue: list[Word], state: State) -> None:
    name = word.text[2:]
    if name not in ALL and name.startswith("no-") and name[3:] in ALL:
        return
    if name not in ALL:
        name = _abbreviated(name)
    if name not in ALL:
        close = did_you_mean(name, sorted(ALL))
        state.notes.say(f"the option --{visible(name)} is unknown and was passed over{f'; {close}' if close else ''}")
        return
    take(name, _value(word, queue, state) if name in WITH_VALUE else "", state)


def _abbreviated(name: str) -> str:
    """The option that begins so, where only one does: curl takes it."""
    begun = [each for each in ALL if each.startswith(name)]
    return begun[0] if len(begun) == 1 and len(name) > 2 else name


def _short(word: Word, queue: list[Word], state: State) -> None:
    letters = word.text[1:]
    for index, letter in enumerate(letters):
        name = SHORT.get(letter)
        if name is None:
            state.notes.say(f"the option -{visible(letter)} is unknown and was passed over")
            continue
        if name in WITH_VALUE:
            rest = letters[index + 1 :]
            take(name, rest or _value(word, queue, state), state)
            return
        take(name, "", state)


def _value(word: Word, queue: list[Word], state: State) -> str:
    if not queue:
        raise _fault(state.source, word.place, f"the option {word.text} has no value", "Give it one, or leave it out.")
    return queue.pop().text


# --- requests ------------------------------------------------------------------------------------------------------


def _built(state: State, place: int) -> list[Draft]:
    if not state.urls:
        raise _fault(state.source, place, "the curl command has no URL", "Give it one.")
    request = _request(state)
    out = []
    for url in state.urls:
        whole = url if "://" in url or url.startswith("\ue0f0") else f"http://{url}"
        one = replace(request, url=_with_query(whole, state), more=_more(state, whole))
        out.append(Draft(name=one.title, trigger=trigger_of(one, state.secrets), checks=_EXPECTED))
    return out


def _with_query(url: str, state: State) -> str:
    extra = [*state.query, *(state.data if "get" in state.flags else [])]
    if not extra:
        return url
    head, mark, fragment = url.partition("#")
    return head + ("&" if "?" in head else "?") + "&".join(extra) + mark + fragment


def _request(state: State) -> Request:
    headers = [(name, value) for name, value in state.headers if name.lower() not in state.removed]
    names = {name.lower() for name, _ in headers}
    headers += [
        (name, value) for name, value in state.defaults.items() if name not in names and name not in state.removed
    ]
    sent = state.data if "get" not in state.flags else []
    file = state.file or state.upload
    if (
        (sent or file)
        and not state.parts
        and "content-type" not in {name.lower() for name, _ in headers} | state.removed
        and not state.upload
    ):
        headers.append(("content-type", FORM))
    body = ("" if "json" in state.defaults else "&").join(sent) if sent else None
    if file and sent:
        state.notes.say(f"the body is the file {visible(file)}; the data beside it were left out")
    headers = [(name.lower(), value) for name, value in headers]
    if state.parts:
        headers = [each for each in headers if each[0] != "content-type"]
    return Request(
        method=_method(state, has_body=bool(sent or state.file or state.parts)),
        url="",
        headers=tuple(headers),
        body=None if file else body,
        file=file,
        parts=tuple(state.parts),
        auth=_auth(state),
    )


def _method(state: State, *, has_body: bool) -> str:
    if state.method:
        return state.method
    if "head" in state.flags:
        return "HEAD"
    return "POST" if has_body and "get" not in state.flags else "GET"


def _auth(state: State) -> dict[str, object] | None:
    if state.bearer:
        return {"bearer": {"token": state.secrets.hide(state.bearer, "API_TOKEN", "the bearer token")}}
    if not state.user:
        return None
    user, colon, password = state.user.partition(":")
    if not colon:
        return {
            "basic": {"username": user, "password": state.secrets.need("PASSWORD", f"the password of {visible(user)}")}
        }
    return basic(user, password, state.secrets, "digest" if "digest" in state.flags else "basic")


def _more(state: State, url: str) -> dict[str, object]:
    out: dict[str, object] = {}
    if "max-time" in state.values:
        out["timeout"] = _seconds(state.values["max-time"])
    if "connect-timeout" in state.values:
        out["connect_timeout"] = _seconds(state.values["connect-timeout"])
    if "location" not in state.flags:
        out["redirects"] = False
    if url.lower().startswith("https:") and "insecure" not in state.flags:
        out["sslVerification"] = True
    if tls := _tls(state):
        out["tls"] = tls
    if proxy := state.values.get("proxy"):
        out["proxy"] = templated(state.secrets.scrub(proxy if "://" in proxy else f"http://{proxy}", "the proxy's URL"))
    if state.flags & {"http2", "http2-prior-knowledge"}:
        out["http2"] = True
    return out


def _seconds(text: str) -> object:
    return f"{text}s" if text.replace(".", "", 1).isdigit() else templated(text)


def _tls(state: State) -> dict[str, object]:
    out: dict[str, object] = {}
    for option, key in (("cacert", "ca"), ("cert", "cert"), ("key", "key")):
        if value := state.values.get(option):
            path, colon, password = _certificate(value) if option == "cert" else (value, "", "")
            out[key] = templated(path)
            if colon:
                out["key_password"] = templated(state.secrets.hide(password, "KEY_PASSWORD", "the key's password"))
    if phrase := state.values.get("pass"):
        out["key_password"] = templated(state.secrets.hide(phrase, "KEY_PASSWORD", "the key's password"))
    if out:
        state.notes.say("paths under `tls` are relative to the definition's folder")
    return out


def _certificate(value: str) -> tuple[str, str, str]:
    """`FILE:PASSWORD`; the colon of a Windows drive is none."""
    path, colon, password = value.rpartition(":")
    return (path, colon, password) if len(path) > 1 else (value, "", "")
