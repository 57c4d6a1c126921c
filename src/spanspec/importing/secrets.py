"""Secrets in inputs: each becomes a variable, and its value is written nowhere.

Texts on their way from an input to a definition may hold references to variables. They are marked by two characters of
Unicode's private use area until `templated` writes them as `${env:NAME}` and every other `${` as `$${`.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPEN, _CLOSE = "\ue0f0", "\ue0f1"
_MARKED = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_ALONE = re.compile(f"{_OPEN}[^{_CLOSE}]*{_CLOSE}")

_SECRET_NAME = re.compile(
    r"auth(?:entication|orization)?$|authorization|cookie|token|secret|passw|passphrase|pwd$|(?:api|access|private|secret|subscription|functions|signing)[-_ ]?key|apikey"
    r"|credential|session[-_]?id|^sid$|jsessionid|phpsessid|csrf|xsrf|signature|^sig$|^jwt$|^pin$|^otp$|^cvv$|^cvc$|private[-_]?key|^assertion$",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(
    r"token[-_]?(?:type|url|uri|endpoint|count|limit|s)$|tokens$|^max[-_]?tokens|token[-_]?(?:expir|ttl)|authori[sz]ed$|_auth_method$",
    re.IGNORECASE,
)
_SHAPES = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # a JSON Web Token
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_\w{30,}\b|\bgithub_pat_\w{30,}\b|\bglpat-[\w-]{16,}"
    r"|\bxox[abprs]-[\w-]{10,}"
    r"|\b[srp]k_(?:live|test)_\w{10,}\b|\bsk-[\w-]{20,}"
    r"|\bAIza[\w-]{35}\b|\bya29\.[\w-]{20,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"
    r"|\bnpm_\w{30,}\b|\bhv[sb]\.[\w-]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----"
)
_INLINE = re.compile(
    r"""(?ix)(["']?\b(?:password|passwd|secret|client_secret|api_?key|access_?token|refresh_?token|id_?token|auth_?token|token|private_?key)\b["']?\s*[:=]\s*)(["']?)([^"'\s&,;<>{}\ue0f0\ue0f1]{3,})"""
)
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)([^/?#\s@:\ue0f0]*):([^/?#\s@\ue0f0]+)@")
_NAME_PARTS = re.compile(r"[^A-Za-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

SHORTEST: Final = 1
"""Characters of a value that is hidden for its name."""


def speaks_of_secret(name: str) -> bool:
    """Whether the name of a header, parameter, field or variable says that its value is a secret."""
    return _SECRET_NAME.search(name) is not None and _NO_SECRET.search(name) is None


def reference(name: str) -> str:
    """A reference to a variable, for the midst of a text."""
    return f"{_OPEN}env:{name}{_CLOSE}"


def expression(text: str) -> str:
    """An expression of the language, such as `uuid()`, for the midst of a text."""
    return f"{_OPEN}{text}{_CLOSE}"


def cleaned(text: str) -> str:
    """An input without the marks, should it hold them."""
    return text.replace(_OPEN, "\ufffd").replace(_CLOSE, "\ufffd")


def has_reference(text: str) -> bool:
    """Whether a text holds a reference."""
    return _OPEN in text


def is_reference(text: str) -> bool:
    """Whether a text is one reference and nothing else."""
    return _ALONE.fullmatch(text) is not None


def templated(text: str) -> str:
    """The text as a template: references as `${…}`, any other `${` as `$${`."""
    parts = _MARKED.split(text)
    return "".join(f"${{{part}}}" if index % 2 else part.replace("${", "$${") for index, part in enumerate(parts))


def variable_name(hint: str) -> str:
    """A variable's name from the name of what it stands for: `x-api-key` gives `X_API_KEY`."""
    words = _NAME_PARTS.sub("_", _CAMEL.sub("_", hint)).strip("_").upper()
    return (words if words[:1].isalpha() else f"SECRET_{words}".rstrip("_"))[:60]


class Secrets:
    """Gives each secret value a variable; the same value the same one."""

    def __init__(self) -> None:
        self._by_value: dict[str, str] = {}
        self._needed: dict[str, str] = {}

    @property
    def needed(self) -> Mapping[str, str]:
        """The variables to be set → what each stands for."""
        return MappingProxyType(dict(self._needed))

    def need(self, name: str, what: str) -> str:
        """A reference to a variable that the user must set."""
        self._needed.setdefault(name, what)
        return reference(name)

    def hide(self, value: str, hint: str, what: str) -> str:
        """A reference in place of a value; the value itself where it is empty or is a reference already.

        Args:
            value: The secret.
            hint: What the variable's name is made from.
            what: What it stands for, for people.
        """
        if not value.strip() or is_reference(value):
            return value
        name = self._by_value.get(value)
        if name is None:
            name = self._free(variable_name(hint))
            self._by_value[value] = name
            self._needed[name] = what
        return reference(name)

    def named(self, name: str, value: str, what: str) -> str:
        """The value of a header, parameter or field: hidden where the name speaks of a secret, else scrubbed."""
        return self.hide(value, name, what) if speaks_of_secret(name) else self.scrub(value, what)

    def scrub(self, text: str, what: str) -> str:
        """A text without what is a secret by its shape: tokens, keys, passwords in URLs and in `password=…`."""
        text = _SHAPES.sub(lambda match: self.hide(match[0], "TOKEN", f"a token in {what}"), text)
        text = _USERINFO.sub(
            lambda match: f"{match[1]}{match[2]}:{self.hide(match[3], 'PASSWORD', f'a password in {what}')}@", text
        )
        return _INLINE.sub(
            lambda match: match[1] + match[2] + self.hide(match[3], match[1].strip("\"' :=\t"), f"a value in {what}"),
            text,
        )

    def _free(self, name: str) -> str:
        found, number = name, 1
        while found in self._needed:
            number += 1
            found = f"{name}_{number}"
        return found
