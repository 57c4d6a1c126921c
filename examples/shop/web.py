"""HTTP between the services: an application with routes and a health check, and a client for another service."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from shop import telemetry
from shop.services import address_variable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import Request

CALL_TIMEOUT_S = 10
BODY_LIMIT = 64 * 1024


def application(
    routes: Sequence[Route], lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]]
) -> Starlette:
    """Make a service's application, traced; errors are answered as JSON."""
    app = Starlette(
        routes=[Route(telemetry.HEALTH, _health), *routes],
        lifespan=lifespan,
        exception_handlers={HTTPException: _as_json},
    )
    telemetry.instrument_server(app)
    return app


async def _health(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")


async def _as_json(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, status_code=error.status_code)


async def body_of(request: Request, *needed: str) -> dict[str, Any]:
    """Read a JSON object with the fields that are needed; no body is an empty one."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise HTTPException(413, f"the body is larger than {BODY_LIMIT} bytes")
    try:
        content = json.loads(body) if body else {}
    except ValueError as error:
        raise HTTPException(400, "the body is not JSON") from error
    if not isinstance(content, dict):
        raise HTTPException(400, "the body is not a JSON object")
    if absent := [name for name in needed if name not in content]:
        raise HTTPException(400, f"the body lacks {', '.join(absent)}")
    return content


class Client:
    """Calls one other service; trace context and baggage go along."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._http = httpx.AsyncClient(
            base_url=os.environ[address_variable(service)], timeout=CALL_TIMEOUT_S, trust_env=False
        )
        telemetry.instrument_client(self._http)

    async def get(self, path: str) -> dict[str, Any]:
        """Read a resource."""
        return await self._call("GET", path)

    async def post(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """Send JSON and read the answer."""
        return await self._call("POST", path, content)

    async def _call(self, method: str, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = await self._http.request(method, path, json=content)
            answer: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise HTTPException(502, f"{self._service} gave no answer: {type(error).__name__}") from error
        if response.is_error:
            status = 404 if response.status_code == 404 else 502
            raise HTTPException(status, answer.get("error", f"{self._service} answered {response.status_code}"))
        return answer

    async def close(self) -> None:
        """Close the kept connections."""
        await self._http.aclose()
