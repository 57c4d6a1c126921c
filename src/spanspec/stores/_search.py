"""Asking a search engine for all documents of a trace, page by page.

A small trace is one question. A larger one is scrolled through (https://docs.opensearch.org/latest/api-reference/search-apis/scroll/),
which both engines have in all versions and which needs no field to sort by; the scroll is given back at the end.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

import msgspec

from spanspec.errors import StoreError
from spanspec.otlp.decoded import shown
from spanspec.stores._http import HttpReader
from spanspec.stores.base import PassingError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.model.context import Clock
    from spanspec.stores._fields import SearchFields
    from spanspec.stores._http import Answer

PAGE: Final = 1000
"""Documents of one answer."""

MAX_DOCUMENTS: Final = 500_000
_KEEP: Final = "1m"
_TOLERANT: Final = {"ignore_unavailable": "true", "allow_no_indices": "true"}


class SearchReader:
    """The connections to a search engine, which may listen at several addresses.

    Args:
        fields: Of the store.
        index: Names of indices, with `*`, by commas.
        keys: The fields that may hold a trace's id.
        clock: Time.
        product: For messages.
    """

    def __init__(self, fields: SearchFields, index: str, keys: Sequence[str], clock: Clock, *, product: str) -> None:
        tls = fields.tls
        update = {"caFile": fields.certificate} if fields.certificate else {}
        if update or fields.insecureSkipVerify:
            skip = {"insecureSkipVerify": True} if fields.insecureSkipVerify else {}
            fields = fields.model_copy(update={"tls": tls.model_copy(update=update | skip)})
        self._readers = [HttpReader(url, fields, clock, product=product) for url in fields.addresses]
        self._index, self._keys, self._product = index, keys, product

    @property
    def first(self) -> HttpReader:
        """The address that is asked."""
        return self._readers[0]

    async def close(self) -> None:
        """Give the connections back."""
        for each in self._readers:
            await each.close()

    async def documents(self, trace_id: str) -> tuple[list[Any], str]:
        """All documents of a trace, and why they may not be all; empty where they are.

        Raises:
            StoreError: The engine cannot be asked.
        """
        question = {"size": PAGE, "track_total_hits": True, "query": self._query(trace_id)}
        answer = await self._answering(question)
        if answer.status == 404:
            return [], ""
        found = self._read(answer)
        hits, total = found["hits"]["hits"], _total(found)
        if total <= len(hits):
            return hits, _partial(found)
        if total > MAX_DOCUMENTS:
            raise StoreError(
                f"{self._product} has {total} documents of the trace {trace_id}, more than {MAX_DOCUMENTS}",
                help="Look at the trace in the store: a run-away loop, or one trace id for everything.",
            )
        return await self._scrolled(trace_id)

    def _query(self, trace_id: str) -> dict[str, Any]:
        spellings = [trace_id, trace_id.upper(), b64encode(bytes.fromhex(trace_id)).decode()]
        if trace_id.startswith("0" * 16):
            spellings.append(trace_id[16:])
        should = [{"terms": {key: spellings}} for key in self._keys]
        return {"bool": {"should": should, "minimum_should_match": 1}}

    async def _answering(self, question: dict[str, Any]) -> Answer:
        """The answer of the first address at which somebody is; it is asked first from then on."""
        body = msgspec.json.encode(question)
        path = f"/{self._index}/_search"
        for position, reader in enumerate(self._readers):
            try:
                answer = await reader.post(path, body, query=_TOLERANT)
            except UnreachableError:
                if position + 1 == len(self._readers):
                    raise
                continue
            self._readers.insert(0, self._readers.pop(position))
            return answer
        raise AssertionError("a store has at least one address")

    def _read(self, answer: Answer) -> Any:
        try:
            found = msgspec.json.decode(answer.body)
            _ = found["hits"]["hits"]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError) as fault:
            if answer.status == 400:
                reason = shown(answer.body.decode("utf-8", "replace"), 300)
                raise StoreError(
                    f"{self._product} refuses the question: {reason}", help="Look at the store's `index`."
                ) from fault
            raise PassingError(
                f"{self._product} at {self.first.shown_url} gave an answer that cannot be read: {shown(str(fault) or 'no hits', 200)}",
                help="Look at what answers at the store's address.",
            ) from fault
        return found

    async def _scrolled(self, trace_id: str) -> tuple[list[Any], str]:
        question = {"size": PAGE, "sort": ["_doc"], "query": self._query(trace_id)}
        reader = self.first
        body = msgspec.json.encode(question)
        found = self._read(await reader.post(f"/{self._index}/_search", body, query={**_TOLERANT, "scroll": _KEEP}))
        hits, partial, scroll = list(found["hits"]["hits"]), _partial(found), found.get("_scroll_id")
        try:
            while scroll and found["hits"]["hits"] and len(hits) < MAX_DOCUMENTS:
                again = msgspec.json.encode({"scroll": _KEEP, "scroll_id": scroll})
                found = self._read(await reader.post("/_search/scroll", again))
                hits.extend(found["hits"]["hits"])
                partial, scroll = partial or _partial(found), found.get("_scroll_id", scroll)
        finally:
            if scroll:
                await self._given_back(scroll)
        return hits, partial

    async def _given_back(self, scroll: str) -> None:
        try:
            await self.first.delete("/_search/scroll", msgspec.json.encode({"scroll_id": [scroll]}))
        except StoreError:
            return  # it ends by itself within a minute


def _total(found: Any) -> int:
    total = found["hits"].get("total", 0)
    value = total.get("value", 0) if isinstance(total, dict) else total
    return value if isinstance(value, int) else 0


def _partial(found: Any) -> str:
    """Why an answer may lack documents."""
    if found.get("timed_out") is True:
        return "the search ran out of time"
    shards = found.get("_shards")
    failed = shards.get("failed", 0) if isinstance(shards, dict) else 0
    return f"{failed} shards did not answer" if failed else ""
