"""One service's database: SQLite in the shop's temporary folder, or PostgreSQL where `SHOP_DATABASE_URL` says so."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from opentelemetry.instrumentation.utils import suppress_instrumentation
from sqlalchemy import event, func, make_url, select
from sqlalchemy.ext import asyncio as sqlalchemy_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sqlalchemy import URL, MetaData, Table
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class Database:
    """Tables of one service and the pool of connections to them."""

    def __init__(self, name: str, tables: MetaData) -> None:
        self._tables = tables
        self._engine = _engine(_url(name))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Take a connection and commit at the end; only the statements leave spans, not the pool's "connect"."""
        with suppress_instrumentation():
            connection = await self._engine.connect()
        try:
            async with connection.begin():
                yield connection
        finally:
            await connection.close()

    async def open(self, seeds: Mapping[Table, Sequence[Mapping[str, object]]] | None = None) -> None:
        """Create what does not exist yet, and fill the tables that are still empty."""
        with suppress_instrumentation():
            async with self._engine.begin() as connection:
                await connection.run_sync(self._tables.create_all)
                for table, rows in (seeds or {}).items():
                    if not await connection.scalar(select(func.count()).select_from(table)):
                        await connection.execute(table.insert(), list(rows))

    async def close(self) -> None:
        """Give the connections back."""
        await self._engine.dispose()


def _url(name: str) -> URL:
    """Give the address; SQLite's is relative to the working folder, so that no span shows a path of this machine."""
    if given := os.environ.get("SHOP_DATABASE_URL"):
        url = make_url(given)
        return url.set(drivername="postgresql+asyncpg") if url.drivername in {"postgres", "postgresql"} else url
    return make_url(f"sqlite+aiosqlite:///{name}.db")


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return sqlalchemy_asyncio.create_async_engine(url)
    # One connection: SQLite has one writer anyway, and nobody ever sees "database is locked".
    engine = sqlalchemy_asyncio.create_async_engine(url, pool_size=1, max_overflow=0)
    event.listen(engine.sync_engine, "connect", _relax)
    return engine


def _relax(connection: object, _record: object) -> None:
    """Do without fsync: the data lives no longer than the process."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.close()
