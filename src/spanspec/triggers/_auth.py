"""How a request proves who sends it: basic, bearer, API key, digest, OAuth 2 client credentials."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AliasChoices, Field

from spanspec.errors import TriggerError
from spanspec.triggers.base import Address, Fields, SecretText, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    import httpx2

MAX_TOKEN_ANSWER = 1 << 20
"""Bytes of a token endpoint's answer."""


class Basic(Fields):
    """User name and password, sent as RFC 7617 says."""

    username: Text = Field(validation_alias=AliasChoices("username", "user"), description="The user's name.")
    password: SecretText = Field(default="", description="The password.")


class Digest(Fields):
    """User name and password, proved as RFC 7616 says: the first answer's challenge is met by a second request."""

    username: Text = Field(validation_alias=AliasChoices("username", "user"), description="The user's name.")
    password: SecretText = Field(default="", description="The password.")


class Bearer(Fields):
    """A token, sent as RFC 6750 says; `Bearer ` is put before it unless a scheme stands there already."""

    token: SecretText = Field(description="The token.")


class ApiKey(Fields):
    """A key in a header or in the query."""

    key: Text = Field(description="The header's or parameter's name.")
    value: SecretText = Field(description="The secret.")
    into: Literal["header", "query"] = Field(default="header", alias="in", description="Where it is sent.")


class OAuth2(Fields):
    """A token fetched before the request, with this client's own credentials (RFC 6749, section 4.4).

    The request for the token carries no trace context: it is no part of what is tested.
    """

    token_url: Annotated[Text, Address()] = Field(description="Where tokens are had.")
    client_id: Text = Field(description="Who asks.")
    client_secret: SecretText = Field(default="", description="The client's secret.")
    scope: Text = Field(default="", description="What is asked for; several are separated by blanks.")
    audience: Text = Field(default="", description="Whom the token is for, where the server wants to know.")
    send: Literal["header", "body"] = Field(default="header", description="Where the client's credentials stand.")

    async def token(self, client: httpx2.AsyncClient) -> str:
        """Fetch a token.

        Raises:
            TriggerError: The endpoint refuses, or its answer has none.
        """
        import httpx2

        form = {"grant_type": "client_credentials", "scope": self.scope, "audience": self.audience}
        if self.send == "body":
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        auth = httpx2.BasicAuth(self.client_id, self.client_secret) if self.send == "header" else httpx2.Auth()
        data = {key: value for key, value in form.items() if value}
        answer = await client.post(self.token_url, data=data, auth=auth, headers={"accept": "application/json"})
        try:
            found = answer.json() if len(answer.content) <= MAX_TOKEN_ANSWER else None
        except ValueError:
            found = None
        token = found.get("access_token") if isinstance(found, dict) else None
        if answer.status_code == 200 and isinstance(token, str) and token:
            return token
        said = found.get("error_description") or found.get("error") if isinstance(found, dict) else ""
        raise TriggerError(
            f"no token from {self.token_url}: status {answer.status_code}{f', {said}' if said else ''}",
            help="Check `client_id`, `client_secret` and `scope` under `auth.oauth2`.",
        )


class Auth(Fields):
    """How the request proves who sends it; one of these."""

    type: Literal["basic", "bearer", "apiKey", "digest", "oauth2"] | None = Field(
        default=None, description="Which of them, if said."
    )
    basic: Basic | None = Field(default=None, description="User name and password.")
    bearer: Bearer | None = Field(default=None, description="A token.")
    apiKey: ApiKey | None = Field(default=None, description="A key in a header or the query.")  # noqa: N815 - the reference's key
    digest: Digest | None = Field(default=None, description="User name and password, proved without sending them.")
    oauth2: OAuth2 | None = Field(default=None, description="A token fetched with client credentials.")

    def chosen(self) -> Basic | Bearer | ApiKey | Digest | OAuth2 | None:
        """The one that holds."""
        if self.type is not None:
            found: Basic | Bearer | ApiKey | Digest | OAuth2 | None = getattr(self, self.type)
            return found
        return self.basic or self.bearer or self.apiKey or self.digest or self.oauth2

    def headers(self) -> list[tuple[str, str]]:
        """What is added to the request's headers."""
        match self.chosen():
            case Bearer(token=token):
                return [("authorization", with_scheme(token))]
            case ApiKey(key=key, value=value, into="header"):
                return [(key, value)]
            case Basic(username=username, password=password):
                return [("authorization", f"Basic {_encoded(username, password)}")]
        return []

    def parameters(self) -> list[tuple[str, str]]:
        """What is added to the query."""
        chosen = self.chosen()
        return [(chosen.key, chosen.value)] if isinstance(chosen, ApiKey) and chosen.into == "query" else []

    def derived_secrets(self) -> Iterable[str]:
        """What a secret becomes on its way, and no report may show either."""
        if self.basic is not None and self.basic.password:
            yield _encoded(self.basic.username, self.basic.password)

    def arguments(self) -> list[str]:
        """The same for curl."""
        match self.chosen():
            case Basic(username=username, password=password):
                return ["--user", f"{username}:{password}"]
            case Digest(username=username, password=password):
                return ["--digest", "--user", f"{username}:{password}"]
            case OAuth2():
                return ["--oauth2-bearer", "***"]
        return []


def with_scheme(token: str) -> str:
    """A token with `Bearer ` before it, unless one word stands there already."""
    return token if len(token.split()) == 2 else f"Bearer {token.strip()}"


def _encoded(username: str, password: str) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode()
