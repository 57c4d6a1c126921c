"""The files that a run may speak of, each read once: those of its paths, and those that steps, needs and ids lead to."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from spanspec.definition.collect import CONFIG_NAMES, Found, collect, config_files, read_text
from spanspec.definition.document import Document, Kind, begins_with_mark, classify, may_be_ours
from spanspec.definition.faults import Faults
from spanspec.definition.injection import inject
from spanspec.definition.resources import Resource, resource_of
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.yaml import Mapping as MappingNode
from spanspec.definition.yaml import read
from spanspec.source.diagnostics import Diagnostic, has_errors
from spanspec.source.text import Range, SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TESTS = frozenset({Kind.TEST, Kind.SHORT})
SUITE = frozenset({Kind.SUITE})
ITEMS = TESTS | SUITE


@dataclass(eq=False)
class File:
    """One file, read.

    Attributes:
        found: Which, and how the user sees it.
        documents: Of ours and others', in order; `${NAME}` of resources put in.
        faults: What is wrong with it, what its plans find included.
        passed: What is passed over, with the reason.
        data: Files that its definitions name.
    """

    found: Found
    faults: Faults
    documents: tuple[Document, ...] = ()
    passed: list[str] = field(default_factory=list)
    data: list[Path] = field(default_factory=list)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """The resources in it; their faults go to the file's."""
        found = [each.node for each in self.documents if each.kind is Kind.RESOURCE]
        return tuple(resource_of(node, self.faults) for node in found if isinstance(node, MappingNode))

    @property
    def stem(self) -> str:
        """What a test without a name is called."""
        name = self.found.path.name
        return name.rpartition(".")[0].removesuffix(".spanspec") or name

    def entries(self, kinds: frozenset[Kind] = ITEMS) -> tuple[Entry, ...]:
        """Its tests and suites, in order."""
        return tuple(Entry(file=self, document=each) for each in self.documents if each.kind in kinds)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A test or suite in a file, or one written in place as a step (`inline`, with what it is then called)."""

    file: File
    document: Document
    inline: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """What it is known by: two entries with one key are one."""
        return str(self.file.found.path), self.document.node.range.start

    @property
    def id(self) -> str:
        """Its id, or empty."""
        return self._said("id")

    @property
    def name(self) -> str:
        """Its name; without one the file's stem, with its number where the file has several."""
        return self._said("name") or self.default_name

    @property
    def default_name(self) -> str:
        """What it is called without a name."""
        alone = sum(each.kind in ITEMS for each in self.file.documents) <= 1
        return self.inline or (self.file.stem if alone else f"{self.file.stem} #{self.document.index}")

    @property
    def suite(self) -> bool:
        """Whether it is a suite."""
        return self.document.kind is Kind.SUITE

    def _said(self, key: str) -> str:
        body = self.document.body
        found = body.get(key) if body is not None else None
        return as_text(found) if isinstance(found, Scalar) else ""


class Library:
    """Reads files, each once.

    Args:
        cwd: What shown paths are relative to.
        environment: For `${NAME}` in resources.
    """

    def __init__(self, cwd: Path, environment: Mapping[str, str]) -> None:
        self.cwd = cwd
        self.environment = environment
        self._files: dict[Path, File] = {}
        self._folders: dict[Path, tuple[File, ...]] = {}

    def file(self, found: Found) -> File:
        """The file, read now or before."""
        if found.path not in self._files:
            self._files[found.path] = self._read(found)
        return self._files[found.path]

    def at(self, path: Path) -> File:
        """A file that another names."""
        return self.file(Found(path, self.shown(path), must=True))

    def folder(self, path: Path) -> tuple[File, ...]:
        """The files below a folder."""
        if path not in self._folders:
            found, _ = collect([str(path)], self.cwd)
            self._folders[path] = tuple(
                self.file(replace(each, shown=self.shown(each.path), must=False)) for each in found
            )
        return self._folders[path]

    def scopes(self, files: tuple[File, ...], near: Path) -> Iterator[tuple[File, ...]]:
        """Where an id is looked up, nearest first: the files of the run, the folder, the tree of its `spanspec.yaml`."""
        yield files
        yield self.folder(near)
        configs = config_files(near)
        if configs:
            yield self.folder(configs[0].parent)

    def shown(self, path: Path) -> str:
        """A path relative to the working folder, if it is below it."""
        relative = os.path.relpath(path, self.cwd)
        return str(path) if relative.startswith("..") else relative

    def text(self, path: Path, shown: str, into: list[Diagnostic]) -> str | None:
        """The text of a file; a fault where it cannot be read."""
        try:
            return read_text(path)
        except UnicodeDecodeError as fault:
            why = f"byte {fault.start + 1} is no UTF-8"
        except (OSError, ValueError) as fault:
            why = getattr(fault, "strerror", None) or str(fault)
        message = f'the file "{shown}" cannot be read: {why}'
        into.append(Diagnostic(code="unreadable", message=message, source=SourceText(shown, "")))
        return None

    def _read(self, found: Found) -> File:
        own: list[Diagnostic] = []
        text = self.text(found.path, found.shown, own)
        file = File(found, Faults(SourceText(found.shown, text or "")))
        if text is None or (not found.must and not may_be_ours(text)):
            if found.must:
                file.faults.extend(own)
            else:
                why = "no definition" if text is not None else "not readable"
                file.passed.append(f"{found.shown}: {why}")
            return file
        if found.path.name in CONFIG_NAMES:
            self._no_definition(file, "it holds settings, and is read by itself", None)
            return file
        documents = read(file.faults.source)
        if has_errors(documents.diagnostics) and not found.must and not begins_with_mark(text):
            file.passed.append(f"{found.shown}: no YAML")
            return file
        file.faults.extend(documents.diagnostics)
        nodes = enumerate(documents.documents, start=1)
        file.documents = tuple(self._injected(classify(node, index), file.faults) for index, node in nodes)
        self._pass_over(file)
        return file

    def _injected(self, document: Document, faults: Faults) -> Document:
        """The document with `${NAME}` replaced where it is a resource, as the reference's command line does."""
        if not document.typed or document.kind is Kind.FOREIGN:
            return document
        node = inject(document.node, self.environment, faults)
        return classify(node, document.index)

    def _pass_over(self, file: File) -> None:
        """Note what is none of ours; where nothing is and something must be, that is a fault."""
        ours = [each for each in file.documents if each.kind is not Kind.FOREIGN]
        for document in file.documents:
            if document.kind is not Kind.FOREIGN:
                continue
            if file.found.must and not ours and not file.faults.stop:
                self._no_definition(file, document.why, document)
            else:
                number = f", document {document.index}" if len(file.documents) > 1 else ""
                file.passed.append(f"{file.found.shown}{number}: {document.why}")
        if not file.documents and file.found.must and not file.faults.stop:
            self._no_definition(file, "it is empty", None)

    def _no_definition(self, file: File, why: str, document: Document | None) -> None:
        start = document.node.range.start if document is not None else None
        advice = document.help if document is not None else ""
        file.faults.error(
            "not-ours", f'"{file.found.shown}" is no definition: {why}',
            Range(start, start + 1) if start is not None else None,
            help=advice or "A test has at least a `trigger`, and `expect` or `specs`.",
        )  # fmt: skip
