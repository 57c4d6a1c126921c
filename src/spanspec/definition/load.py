"""From paths to plans: files collected and read, `spanspec.yaml` found, every fault of every file told at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition import settings
from spanspec.definition.bind import bind, evaluate_text
from spanspec.definition.collect import CONFIG_NAMES, Found, collect, config_files, read_text
from spanspec.definition.decode import decode
from spanspec.definition.document import Document, Kind, begins_with_mark, classify, may_be_ours
from spanspec.definition.faults import Faults
from spanspec.definition.injection import inject
from spanspec.definition.plan import Loaded, Options, Plan
from spanspec.definition.planning import Around, plan_of
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.texts import Reader
from spanspec.definition.variables import literal, missing, of_document, of_dotenv
from spanspec.definition.yaml import Mapping as MappingNode
from spanspec.definition.yaml import Node, kind_of, read
from spanspec.source.diagnostics import Diagnostic, Severity, has_errors
from spanspec.source.text import Range, SourceText

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spanspec.definition.settings import Layer


def load(paths: Sequence[str], options: Options, *, cwd: Path, environment: Mapping[str, str]) -> Loaded:
    """Read the definitions in files and folders.

    Args:
        paths: Files and folders; none means `paths` of the nearest `spanspec.yaml`, else the working folder.
        options: The command line.
        cwd: What paths are relative to.
        environment: The process's.

    Returns:
        Plans, settings and all faults; plans of a file with an error are left out.
    """
    loader = _Loader(options, Path(os.path.normpath(cwd)), environment)
    return loader.load(list(paths))


@dataclass
class _File:
    """What came of one file."""

    found: Found
    plans: list[Plan] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    data: list[Path] = field(default_factory=list)
    sound: bool = True


@dataclass(frozen=True)
class _Config:
    """One `spanspec.yaml`, read."""

    layer: Layer
    variables: MappingNode | None
    reader: Reader


class _Loader:
    """One call of `load`."""

    def __init__(self, options: Options, cwd: Path, environment: Mapping[str, str]) -> None:
        self.options = options
        self.cwd = cwd
        self.process = environment
        self.environment: dict[str, str] = dict(environment)
        self.diagnostics: list[Diagnostic] = []
        self._configs: dict[Path, _Config] = {}
        self._above: tuple[Layer, ...] = ()
        self._overrides: Mapping[str, object] = MappingProxyType({})

    def load(self, paths: list[str]) -> Loaded:
        """All of it."""
        from_environment, faults = settings.of_environment(self.process)
        from_options, more = settings.of_options(self.options)
        self.diagnostics.extend((*faults, *more))
        self._above = (from_environment, from_options)
        paths = paths or self._default_paths()
        first = self._first_folder(paths)
        chain = self._chain(first)
        self._dotenv(first)
        self._overrides = MappingProxyType(self._outside_variables())
        found, absent = collect(paths, self.cwd)
        self.diagnostics.extend(absent)
        files = self._without_data([self._file(each) for each in found])
        plans = self._told(files, any_absent=bool(absent), paths=paths)
        run = settings.merged((*(config.layer for config in chain), *self._above))
        return Loaded(
            items=plans,
            settings=settings.run_settings(run),
            diagnostics=tuple(dict.fromkeys(self.diagnostics)),
            passed_over=tuple(note for file in files for note in file.passed),
            environment=MappingProxyType(self.environment),
        )

    # --- paths and settings -----------------------------------------------------------------------------------

    def _default_paths(self) -> list[str]:
        configs = config_files(self.cwd)
        said = next((layer["paths"].value for layer in self._above if "paths" in layer), None)
        if isinstance(said, tuple):
            return [str(path) for path in said]
        for path in reversed(configs):
            names = self._config(path).layer.get("paths")
            if names is not None and isinstance(names.value, tuple):
                return [os.path.relpath(path.parent / str(name), self.cwd) for name in names.value]
        return ["."]

    def _first_folder(self, paths: list[str]) -> Path:
        first = Path(os.path.normpath(self.cwd / paths[0])) if paths else self.cwd
        return first if first.is_dir() else first.parent

    def _chain(self, folder: Path) -> list[_Config]:
        return [self._config(path) for path in config_files(folder)]

    def _config(self, path: Path) -> _Config:
        if path not in self._configs:
            self._configs[path] = self._read_config(path)
        return self._configs[path]

    def _read_config(self, path: Path) -> _Config:
        shown = self._shown(path)
        faults = Faults(SourceText(shown, ""))
        layer: Layer = {}
        variables = None
        text = self._text(path, shown, self.diagnostics)
        if text is not None:
            faults = Faults(SourceText(shown, text))
            documents = read(faults.source)
            faults.extend(documents.diagnostics)
            for node in documents.documents[:1]:
                layer, variables = settings.of_config(node, faults)
        self.diagnostics.extend(faults.found)
        return _Config(layer, variables, Reader(faults=Faults(faults.source), path=shown))

    def _shown(self, path: Path) -> str:
        relative = os.path.relpath(path, self.cwd)
        return str(path) if relative.startswith("..") else relative

    def _text(self, path: Path, shown: str, into: list[Diagnostic]) -> str | None:
        """The text of a file; a fault where it cannot be read."""
        try:
            return read_text(path)
        except UnicodeDecodeError as fault:
            why = f"byte {fault.start + 1} is no UTF-8"
        except (OSError, ValueError) as fault:
            why = getattr(fault, "strerror", None) or str(fault)
        into.append(
            Diagnostic(
                code="unreadable", message=f'the file "{shown}" cannot be read: {why}', source=SourceText(shown, "")
            )
        )
        return None

    def _dotenv(self, folder: Path) -> None:
        """Put the nearest `.env` under the process's environment."""
        configs = config_files(folder)
        places = [self.cwd, *(path.parent for path in reversed(configs))]
        path = next((place / ".env" for place in places if (place / ".env").is_file()), None)
        if path is not None:
            text = self._text(path, self._shown(path), self.diagnostics)
            self.environment = {**of_dotenv(text or ""), **self.process}

    def _outside_variables(self) -> dict[str, object]:
        """`--vars` and `--var`."""
        out: dict[str, object] = {}
        for name in self.options.variable_files:
            out.update(self._variable_file(name))
        out.update({name: literal(value) for name, value in self.options.variables.items()})
        return out

    def _variable_file(self, name: str) -> dict[str, object]:
        path = self.cwd / name
        if not path.is_file():
            message = f'--vars: there is no file "{name}"'
            self.diagnostics.append(Diagnostic(code="no-file", message=message, help="Name a file of variables."))
            return {}
        text = self._text(path, name, self.diagnostics)
        faults = Faults(SourceText(name, text or ""))
        if path.suffix not in (".yaml", ".yml", ".json"):
            return {key: literal(value) for key, value in of_dotenv(text or "").items()}
        documents = read(faults.source)
        faults.extend(documents.diagnostics)
        out: dict[str, object] = {}
        for node in documents.documents:
            out.update(of_document(node, faults))
        self.diagnostics.extend(faults.found)
        return out

    # --- one file ----------------------------------------------------------------------------------------------

    def _file(self, found: Found) -> _File:
        file = _File(found)
        own: list[Diagnostic] = []
        text = self._text(found.path, found.shown, own)
        if text is None or (not found.must and not may_be_ours(text)):
            if found.must:
                file.faults.extend(own)
            else:
                file.passed.append(
                    f"{found.shown}: no definition" if text is not None else f"{found.shown}: not readable"
                )
            return file
        if found.path.name in CONFIG_NAMES:
            self._no_definition(file, SourceText(found.shown, text), "it holds settings, and is read by itself", None)
            return file
        faults = Faults(SourceText(found.shown, text))
        documents = read(faults.source)
        if has_errors(documents.diagnostics) and not found.must and not begins_with_mark(text):
            file.passed.append(f"{found.shown}: no YAML")
            return file
        faults.extend(documents.diagnostics)
        self._documents(file, documents.documents, faults)
        file.faults.extend(sorted(faults.found, key=_start))
        file.sound = not has_errors(file.faults)
        return file

    def _documents(self, file: _File, nodes: Sequence[Node], faults: Faults) -> None:
        documents = [classify(node, index) for index, node in enumerate(nodes, start=1)]
        tests = [document for document in documents if document.kind in (Kind.TEST, Kind.SHORT)]
        for document in documents:
            if document in tests:
                self._test(file, document, faults, alone=len(tests) == 1)
            elif document.kind is Kind.SUITE:
                self._later("a suite", document, faults)
            elif file.found.must and not tests and document.kind is Kind.RESOURCE:
                self._later(document.why, document, faults)
            elif file.found.must and not tests and not faults.stop:
                self._no_definition(file, faults.source, document.why, document)
            else:
                number = f", document {document.index}" if len(documents) > 1 else ""
                file.passed.append(f"{file.found.shown}{number}: {document.why}")
        if not documents and file.found.must and not faults.stop:
            self._no_definition(file, faults.source, "it is empty", None)

    def _later(self, what: str, document: Document, faults: Faults) -> None:
        mark = "steps" if document.kind is Kind.SUITE else "type"
        entry = document.node.entry(mark) if isinstance(document.node, MappingNode) else None
        at = entry.key.range if entry is not None else document.node.range
        message = f"{what} is known but not supported by this version"
        faults.error("not-yet", message, at, help="Run the tests by themselves, or use a version that supports it.")

    def _no_definition(self, file: _File, source: SourceText, why: str, document: Document | None) -> None:
        start = document.node.range.start if document is not None else None
        file.faults.append(
            Diagnostic(
                code="not-ours",
                message=f'"{file.found.shown}" is no definition: {why}',
                range=Range(start, start + 1) if start is not None else None,
                source=source,
                help=(document.help if document is not None else "")
                or "A test has at least a `trigger`, and `expect` or `specs`.",
            )
        )

    def _test(self, file: _File, document: Document, faults: Faults, *, alone: bool) -> None:
        if document.kind is Kind.TEST:
            document = _injected(document, self.environment, faults)
        definition = decode(document, faults)
        stem = file.found.path.name.rpartition(".")[0].removesuffix(".spanspec") or file.found.path.name
        name = stem if alone else f"{stem} #{document.index}"
        reader = Reader(faults=faults, path=file.found.shown)
        around = self._around(file.found.path.parent)
        plan, data, only_if = plan_of(definition, reader, around, default_name=name)
        for _, place in around.variables:
            self.diagnostics.extend(place.faults.found)
        file.data.extend(data)
        file.plans.append(self._only_if(plan, only_if) if not faults.stop else plan)

    def _around(self, folder: Path) -> Around:
        chain = self._chain(folder)
        return Around(
            folder=folder,
            configs=tuple(config.layer for config in chain),
            variables=tuple((config.variables, config.reader) for config in chain if config.variables is not None),
            above=self._above,
            overrides=self._overrides,
            options=self.options,
        )

    def _only_if(self, plan: Plan, condition: Scalar | None) -> Plan:
        """The plan, skipped if its condition is empty or false."""
        if condition is None or plan.skip:
            return plan
        text = as_text(condition)
        known = bind(
            replace(plan, trigger=None, references=()), {}, environment=self.environment, generators=None
        ).variables
        value = evaluate_text(text, known, environment=self.environment)
        if value is None or str(value).strip().lower() in ("", "false", "0", "none"):
            return replace(plan, skip=f'only_if "{text}" is not met')
        return plan

    # --- all files ---------------------------------------------------------------------------------------------

    def _without_data(self, files: list[_File]) -> list[_File]:
        """The files but for those that another names as data."""
        named = {Path(os.path.normpath(path)) for file in files for path in file.data}
        return [file for file in files if file.found.must or file.found.path not in named]

    def _told(self, files: list[_File], *, any_absent: bool, paths: list[str]) -> tuple[Plan, ...]:
        plans: list[Plan] = []
        for file in files:
            self.diagnostics.extend(file.faults)
            undefined = missing(file.plans, environment=self.environment)
            self.diagnostics.extend(undefined)
            if file.sound and not undefined:
                plans.extend(file.plans)
        if not plans and not any_absent and not any(fault.severity is Severity.ERROR for fault in self.diagnostics):
            self._nothing(files, paths)
        return tuple(plans)

    def _nothing(self, files: list[_File], paths: list[str]) -> None:
        passed = sum(len(file.passed) for file in files)
        seen = f"; {passed} documents there are none of ours" if passed else ""
        self.diagnostics.append(
            Diagnostic(
                code="nothing-found",
                message=f"no test found in {', '.join(paths)}{seen}",
                help="Name a file or folder with tests; a test is a YAML mapping with `trigger`, and `expect` or `specs`.",
            )
        )


def _start(fault: Diagnostic) -> int:
    return fault.range.start if fault.range is not None else -1


def _injected(document: Document, environment: Mapping[str, str], faults: Faults) -> Document:
    """The document with `${NAME}` replaced, as the reference's command line does."""
    assert document.body is not None
    body = inject(document.body, environment, faults)
    assert isinstance(body, MappingNode), kind_of(body)
    return replace(document, body=body)
