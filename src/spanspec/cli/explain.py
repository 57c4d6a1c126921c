"""`spanspec explain WHAT`."""

from __future__ import annotations

import click

from spanspec.errors import UsageError
from spanspec.language import lexicon
from spanspec.language.lexicon import WORDS, Word
from spanspec.source.codes import CODES, Code
from spanspec.source.suggest import did_you_mean

_EPILOG = """\b
Examples:
  spanspec explain unknown-function    a diagnostic's code
  spanspec explain busy_time           a word of the language
  spanspec explain 'followed by'
  spanspec explain                     all codes
  spanspec explain --words -o json     all words, for an editor"""


@click.command(epilog=_EPILOG)
@click.argument("what", required=False)
@click.option("--words", is_flag=True, help="List the words of the language in place of the codes.")
@click.option("-o", "--output", type=click.Choice(["pretty", "json"]), default="pretty", help="What goes to stdout.")
def command(what: str | None, words: bool, output: str) -> None:
    """Explain a diagnostic's code or a word of the language, or list them."""
    if what is not None:
        found = _found(what)
        click.echo(_json(found) if output == "json" else "\n\n".join(_told(each) for each in found))
    elif output == "json":
        click.echo(_json(WORDS if words else tuple(CODES.items())))
    else:
        _list([(word.call, word.doc) for word in WORDS] if words else [(n, c.title) for n, c in sorted(CODES.items())])


def _found(what: str) -> tuple[Word | tuple[str, Code], ...]:
    code = CODES.get(what)
    if code is not None:
        return ((what, code),)
    words = lexicon.find(what)
    if not words:
        close = did_you_mean(what, [*CODES, *(word.name for word in WORDS)])
        raise UsageError(
            f'no code and no word of the language is called "{what}"',
            help=close or "Run `spanspec explain` for the codes, and with --words for the words.",
        )
    return words


def _told(each: Word | tuple[str, Code]) -> str:
    if isinstance(each, Word):
        return f"{each.call}  ({each.part})\n\n{each.doc}\n\nExample:\n    {each.example}"
    name, code = each
    lines = [f"{name}: {code.title}", "", code.why]
    for title, text in (("Wrong", code.wrong), ("Right", code.right)):
        if text:
            lines += ["", f"{title}:", *(f"    {line}" for line in text.split("\n"))]
    return "\n".join(lines)


def _list(rows: list[tuple[str, str]]) -> None:
    width = min(34, max(len(name) for name, _ in rows))
    for name, text in rows:
        click.echo(f"{name:{width}}  {text}")


def _json(found: tuple[Word | tuple[str, Code], ...]) -> str:
    import msgspec

    items = [
        {"name": each.name, "kind": each.part, "call": each.call, "doc": each.doc, "example": each.example}
        if isinstance(each, Word)
        else {"name": each[0], "kind": "code", "title": each[1].title, "why": each[1].why}
        for each in found
    ]
    return msgspec.json.format(msgspec.json.encode(items), indent=2).decode()
