"""What the classes of stores that are asked for traces share: how the store is reached, and how long it may lag behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from spanspec.triggers.base import Fields, Pairs, Seconds, SecretText, Text, secrets_of_fields

if TYPE_CHECKING:
    from collections.abc import Iterable


def _text_or_none(value: object) -> object:
    return None if value == "" else value


class TlsFiles(Fields):
    """Certificates by path, as the reference nests them."""

    caFile: Text = Field(  # noqa: N815 - the reference's key
        default="",
        validation_alias=AliasChoices("caFile", "cAFile", "ca_file"),
        description="Certificates to trust, PEM.",
    )
    certFile: Text = Field(default="", description="Our own certificate, PEM.")  # noqa: N815
    keyFile: Text = Field(default="", description="Its key, PEM.")  # noqa: N815
    minVersion: Text = Field(default="", description="`1.2` or `1.3`.")  # noqa: N815
    maxVersion: Text = Field(default="", description="`1.2` or `1.3`.")  # noqa: N815


class Tls(Fields):
    """How the connection is secured."""

    insecure: bool = Field(default=False, description="Without TLS; for gRPC, where no scheme says so.")
    insecureSkipVerify: bool = Field(  # noqa: N815
        default=False,
        validation_alias=AliasChoices("insecureSkipVerify", "insecure_skip_verify"),
        description="Take any certificate.",
    )
    serverName: Text = Field(  # noqa: N815
        default="",
        validation_alias=AliasChoices("serverName", "server_name"),
        description="The name that the certificate must have.",
    )
    caFile: Text = Field(  # noqa: N815
        default="", validation_alias=AliasChoices("caFile", "ca_file"), description="Certificates to trust, PEM."
    )
    certFile: Text = Field(  # noqa: N815
        default="", validation_alias=AliasChoices("certFile", "cert_file"), description="Our own certificate, PEM."
    )
    keyFile: Text = Field(  # noqa: N815
        default="", validation_alias=AliasChoices("keyFile", "key_file"), description="Its key, PEM."
    )
    settings: TlsFiles | None = Field(default=None, description="The same, where files of the reference have it.")

    @property
    def authority(self) -> str:
        """The path of the certificates to trust."""
        return self.caFile or (self.settings.caFile if self.settings else "")

    @property
    def own(self) -> tuple[str, str]:
        """The paths of our certificate and its key."""
        files = self.settings
        return self.certFile or (files.certFile if files else ""), self.keyFile or (files.keyFile if files else "")


class StoreFields(Fields):
    """The keys that all stores share which are asked for a trace."""

    store_lag: Seconds = Field(
        default=1.0,
        ge=0,
        validation_alias=AliasChoices("store_lag", "storeLag"),
        description="How long after it has a span the store may take to show it; the trace settles no sooner.",
    )
    timeout: Seconds = Field(default=10.0, gt=0, description="For one answer of the store.")

    def secrets(self) -> Iterable[str]:
        """The values that no report may show: passwords, tokens, and headers whose names speak of one."""
        return secrets_of_fields(self)


class HttpFields(StoreFields):
    """How a store is reached over HTTP."""

    headers: Pairs = Field(
        default_factory=list, description="Sent with each request: a mapping, or a list of `{key, value}`."
    )
    username: Text = Field(default="", description="For basic authentication.")
    password: SecretText = Field(default="", description="The same; write it as `${env:NAME}`.")
    token: SecretText = Field(default="", description="Sent as `Authorization: Bearer`; write it as `${env:NAME}`.")
    tls: Tls = Field(default_factory=Tls, description="Certificates.")

    def with_headers(self, *more: tuple[str, str]) -> list[tuple[str, str]]:
        """All headers to be sent."""
        bearer = [("authorization", f"Bearer {self.token}")] if self.token else []
        return [*self.headers, *bearer, *more]


class SearchFields(HttpFields):
    """How a search engine is reached, with the keys that the reference has for it."""

    addresses: Annotated[list[Text], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)] = (
        Field(
            validation_alias=AliasChoices("addresses", "url"),
            min_length=1,
            description="Where it listens: a URL or several, of which the first that answers is asked.",
        )
    )
    certificate: Annotated[str | None, BeforeValidator(_text_or_none)] = Field(
        default=None, description="Certificates to trust: PEM, or the path of a file of it."
    )
    insecureSkipVerify: bool = Field(  # noqa: N815 - the reference's key
        default=False,
        validation_alias=AliasChoices("insecureSkipVerify", "insecure_skip_verify"),
        description="Take any certificate.",
    )


class GrpcFields(Fields):
    """How a store is reached over gRPC, with the keys that the reference has for it."""

    endpoint: Text = Field(description="`host:port`.")
    headers: Pairs = Field(default_factory=list, description="Sent as metadata.")
    compression: Literal["", "none", "gzip"] = Field(default="", description="How requests are packed.")
    tls: Tls | None = Field(default=None, description="Certificates; without this key the connection is plain.")
    readBufferSize: Any = Field(default=None, description="Taken and not used.")  # noqa: N815
    writeBufferSize: Any = Field(default=None, description="Taken and not used.")  # noqa: N815
    waitForReady: Any = Field(default=None, description="Taken and not used: a store that refuses is an error at once.")  # noqa: N815
    balancerName: Any = Field(default=None, description="Taken and not used.")  # noqa: N815
