"""Descriptions of gRPC services: from `.proto` files, from a descriptor set, or from the server itself; and their methods.

Everything ends as a serialised `FileDescriptorSet`, from which message classes are made in a pool of its own.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError, Message

from spanspec.errors import TriggerError
from spanspec.source.render import visible
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MAX_FILES = 2000
MAX_BYTES = 64 << 20
"""Bounds of what a server may describe itself with."""

INSTALL = 'pip install "spanspec[grpc]"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method that can be called.

    Attributes:
        path: As it goes over the wire: `/shop.Orders/Place`.
        request: The class of what is sent.
        response: The class of what comes back.
        client_streaming: Whether several requests may be sent.
        server_streaming: Whether several answers may come.
        pool: Where the types that `Any` may hold are found.
    """

    path: str
    request: type[Message]
    response: type[Message]
    client_streaming: bool
    server_streaming: bool
    pool: descriptor_pool.DescriptorPool


def split_name(method: str, service: str) -> tuple[str, str]:
    """Service and method of `pkg.Service/Method`, `pkg.Service.Method`, or a bare method beside `service`."""
    text = method.strip().lstrip("/")
    for mark in ("/", "."):
        if mark in text:
            head, _, tail = text.rpartition(mark)
            return head, tail
    return service.strip(), text


def find_method(files: bytes, service: str, method: str, *, where: str) -> Method:
    """The method in a descriptor set.

    Args:
        files: A serialised `FileDescriptorSet` with all that it imports.
        service: With its package, or without it where only one service has the name.
        method: The method's own name.
        where: What the set was read from, for messages.

    Raises:
        TriggerError: There is no such service or method, or the set is not whole.
    """
    pool, names = _pool(files, where)
    full = _full_name(service, names, where)
    found = pool.FindServiceByName(full)
    one = next((each for each in found.methods if each.name == method), None)
    if one is None:
        known = [each.name for each in found.methods]
        raise TriggerError(
            f'{full} has no method "{visible(method)}" ({where})',
            help=did_you_mean(method, known) or f"Its methods are: {', '.join(known)}.",
        )
    return Method(
        path=f"/{full}/{method}",
        request=message_factory.GetMessageClass(one.input_type),
        response=message_factory.GetMessageClass(one.output_type),
        client_streaming=one.client_streaming,
        server_streaming=one.server_streaming,
        pool=pool,
    )


def _full_name(service: str, names: Sequence[str], where: str) -> str:
    if service in names:
        return service
    ending = [name for name in names if name.rpartition(".")[2] == service]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise TriggerError(
            f'several services are named "{visible(service)}" ({where})',
            help=f"Write one of {', '.join(ending)} with its package.",
        )
    raise TriggerError(
        f'no service "{visible(service)}" ({where})',
        help=did_you_mean(service, names) or f"The services are: {', '.join(names) or 'none'}.",
    )


def _pool(files: bytes, where: str) -> tuple[descriptor_pool.DescriptorPool, list[str]]:
    """A pool with the files, and the full names of their services."""
    try:
        listed = FileDescriptorSet.FromString(files)
    except DecodeError as fault:
        raise TriggerError(
            f"{where} is no descriptor set: {fault}",
            help="Write it with `protoc --include_imports --descriptor_set_out=FILE …`, or `buf build -o FILE`.",
        ) from fault
    pool = descriptor_pool.DescriptorPool()
    by_name = {each.name: each for each in listed.file}
    for each in by_name.values():
        _add(each, by_name, pool, where, set())
    services = [
        f"{each.package}.{one.name}" if each.package else one.name for each in listed.file for one in each.service
    ]
    return pool, services


def _add(
    file: FileDescriptorProto,
    by_name: dict[str, FileDescriptorProto],
    pool: descriptor_pool.DescriptorPool,
    where: str,
    under_way: set[str],
) -> None:
    """Add a file after those that it imports; what protobuf itself brings need not be in the set."""
    if _has(pool, file.name):
        return
    under_way.add(file.name)
    for name in file.dependency:
        if _has(pool, name) or name in under_way:
            continue
        found = by_name.get(name) or _well_known(name)
        if found is None:
            raise TriggerError(
                f"{visible(file.name)} imports {visible(name)}, which is not there ({where})",
                help="Write the set with --include_imports, or give the folder of the file under `importPaths`.",
            )
        _add(found, by_name, pool, where, under_way)
    try:
        pool.Add(file)  # type: ignore[no-untyped-call, unused-ignore]
        pool.FindFileByName(file.name)
    except (TypeError, KeyError) as fault:
        raise TriggerError(f"{visible(file.name)} is no valid description ({where}): {fault}") from fault


def _has(pool: descriptor_pool.DescriptorPool, name: str) -> bool:
    try:
        pool.FindFileByName(name)
    except KeyError:
        return False
    return True


def _well_known(name: str) -> FileDescriptorProto | None:
    if not name.startswith("google/protobuf/"):
        return None
    try:
        __import__(f"google.protobuf.{name.rpartition('/')[2].removesuffix('.proto')}_pb2")
        found = descriptor_pool.Default().FindFileByName(name)  # type: ignore[no-untyped-call, unused-ignore]
    except (ImportError, KeyError):
        return None
    out = FileDescriptorProto()
    found.CopyToProto(out)
    return out


# --- .proto files ------------------------------------------------------------------------------------------------------

_COMPILED: dict[tuple[str, tuple[str, ...]], tuple[bytes, tuple[tuple[str, int, int], ...]]] = {}
"""What was compiled, with name, time and size of every file that was read, by text and folders."""


async def compiled(proto: str, folders: Sequence[str]) -> bytes:
    """The descriptor set of a `.proto` file and all that it imports.

    Args:
        proto: The file's path, or its content.
        folders: Where imports are looked for, besides the file's own folder and those above it.

    Raises:
        TriggerError: The compiler is not installed, or it found faults: they are told as it says them.
    """
    key = (proto, tuple(folders))
    known = _COMPILED.get(key)
    if known is not None and known[1] == _stamps(name for name, _, _ in known[1]):
        return known[0]
    with tempfile.TemporaryDirectory(prefix="spanspec-proto-") as place:
        source = _source(proto, place)
        data, read = await _compile(source, _roots(source, folders), Path(place))
    if source.parent == Path(place):
        read = [name for name in read if not name.startswith(place)]
    _COMPILED[key] = (data, _stamps(read))
    return data


def _source(proto: str, place: str) -> Path:
    if "\n" not in proto and len(proto) < 4096 and Path(proto).is_file():
        return Path(proto).resolve()
    if "\n" not in proto and proto.endswith(".proto"):
        raise TriggerError(f"there is no file {visible(proto)}", help="Check `protobufFile` of the trigger.")
    source = Path(place) / "definition.proto"
    source.write_text(proto)
    return source


def _roots(source: Path, folders: Sequence[str]) -> list[str]:
    """Where imports are found: the folders given, the file's own, then those above it, as imports often count from a root."""
    above = [os.fspath(each) for each in source.parent.parents if os.fspath(each) != each.anchor]
    return list(dict.fromkeys([os.fspath(source.parent), *(os.path.realpath(each) for each in folders), *above[:6]]))


def _stamps(names: Iterable[str]) -> tuple[tuple[str, int, int], ...]:
    out = []
    for name in names:
        try:
            found = Path(name).stat()
        except OSError:
            out.append((name, 0, -1))
        else:
            out.append((name, found.st_mtime_ns, found.st_size))
    return tuple(out)


async def _compile(source: Path, roots: Sequence[str], place: Path) -> tuple[bytes, list[str]]:
    """Run the compiler in a process of its own: it writes to its standard error whatever it finds."""
    try:
        import grpc_tools  # noqa: F401 - only whether it is there
    except ImportError as fault:
        raise TriggerError(
            "reading .proto files needs grpcio-tools, which is not installed", help=f"Install it: {INSTALL}"
        ) from fault
    out, dependencies = place / "out.pb", place / "out.d"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "grpc_tools.protoc", *(f"-I{root}" for root in roots), "--include_imports",
        f"--descriptor_set_out={out}", f"--dependency_out={dependencies}", os.fspath(source),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        text = _lines(said.decode(errors="replace").replace(f"{place}{os.sep}", ""))
        missing = "not found" in text.lower()
        raise TriggerError(
            f"{visible(source.name)} does not compile:\n{text}",
            help="Give the folder that imports are counted from under `importPaths`." if missing else "Mend the file.",
        )
    listed = dependencies.read_text().replace("\\\n", " ").partition(": ")[2].split()
    return out.read_bytes(), listed


def _lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.strip()[:2000].splitlines())


# --- reflection --------------------------------------------------------------------------------------------------------

REFLECTION = (
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
)
"""The two versions of the service, the newer first. Their messages are the same."""


class NoReflectionError(Exception):
    """The server does not know the reflection service of this version."""


async def reflected(ask: Callable[[str], Any], service: str) -> bytes:
    """The descriptor set of a service, as the server describes itself.

    Args:
        ask: From a path of the service to its `ask`, which raises `NoReflectionError` where there is no such path.
        service: With its package, or without it where only one service has the name.

    Raises:
        TriggerError: The server has no reflection, or no such service.
    """
    try:
        from grpc_reflection.v1alpha import reflection_pb2
    except ImportError as fault:
        raise TriggerError(
            "asking the server for its methods needs grpcio-reflection, which is not installed",
            help=f"Install it: {INSTALL}; or give `protobufFile` or `descriptorSet`.",
        ) from fault
    for path in REFLECTION:
        try:
            return await _Reflection(ask(path), reflection_pb2).describe(service)
        except NoReflectionError:
            continue
    raise TriggerError(
        "the server has no reflection service, neither v1 nor v1alpha",
        help="Give the service's `.proto` file under `protobufFile`, or a `descriptorSet`.",
    )


class _Reflection:
    """One conversation: a question, an answer."""

    def __init__(self, asking: Any, messages: Any) -> None:
        self._asking, self._messages = asking, messages
        self._files: dict[str, FileDescriptorProto] = {}
        self._size = 0

    async def _asked(self, **question: str) -> Any:
        request = self._messages.ServerReflectionRequest(**question)
        answer = await self._asking.ask(request.SerializeToString())
        return self._messages.ServerReflectionResponse.FromString(answer)

    async def describe(self, service: str) -> bytes:
        answer = await self._asked(list_services="")
        names = [each.name for each in answer.list_services_response.service]
        full = _full_name(service, names, "asked by reflection")
        answer = await self._asked(file_containing_symbol=full)
        self._take(answer, full)
        while (name := self._next_missing()) is not None:
            self._take(await self._asked(file_by_filename=name), name)
        return FileDescriptorSet(file=self._files.values()).SerializeToString()

    def _next_missing(self) -> str | None:
        wanted = (name for file in self._files.values() for name in file.dependency)
        return next((name for name in wanted if name not in self._files), None)

    def _take(self, answer: Any, asked: str) -> None:
        if answer.WhichOneof("message_response") == "error_response":
            own = _well_known(asked)
            if own is None:
                raise TriggerError(
                    f"the server cannot describe {visible(asked)}: {visible(answer.error_response.error_message[:300])}"
                )
            self._files[asked] = own
            return
        for each in answer.file_descriptor_response.file_descriptor_proto:
            self._size += len(each)
            if self._size > MAX_BYTES or len(self._files) >= MAX_FILES:
                raise TriggerError("the server describes itself with too many files", help="Give `descriptorSet`.")
            file = FileDescriptorProto.FromString(each)
            self._files[file.name] = file
        if asked.endswith(".proto") and asked not in self._files:
            raise TriggerError(f"the server did not send {visible(asked)} when asked for it")
