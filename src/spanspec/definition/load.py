"""From paths to plans: files collected and read, `spanspec.yaml` found, every fault of every file told at once."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition import settings
from spanspec.definition.build import Builder, Outside, current_layers
from spanspec.definition.collect import collect
from spanspec.definition.configs import Configs
from spanspec.definition.environment_plan import variable_names
from spanspec.definition.environment_values import with_variables
from spanspec.definition.faults import Faults
from spanspec.definition.library import ITEMS, Library
from spanspec.definition.needs import needs_between
from spanspec.definition.plan import Loaded, Options, SuitePlan
from spanspec.definition.references import References
from spanspec.definition.undefined import undefined
from spanspec.definition.variables import literal, of_document, of_dotenv
from spanspec.definition.yaml import read
from spanspec.source.diagnostics import Diagnostic, Severity, has_errors
from spanspec.source.suggest import did_you_mean
from spanspec.source.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from spanspec.definition.blocks import Layer
    from spanspec.definition.configs import Config
    from spanspec.definition.library import Entry, File
    from spanspec.definition.plan import Item, RunSettings


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


class _Loader:
    """One call of `load`."""

    def __init__(self, options: Options, cwd: Path, environment: Mapping[str, str]) -> None:
        self.options = options
        self.cwd = cwd
        self.process = environment
        self.diagnostics: list[Diagnostic] = []
        self.missing: list[str] = []
        self.secrets: list[str] = []
        self.started: frozenset[str] = frozenset()
        self.library = Library(cwd, environment)
        self.references = References(self.library)
        self.configs = Configs(self.library, self.diagnostics)

    def load(self, paths: list[str]) -> Loaded:
        """All of it."""
        from_environment, faults = settings.of_environment(self.process)
        from_options, more = settings.of_options(self.options)
        self.diagnostics.extend((*faults, *more))
        above = (from_environment, from_options)
        paths = paths or self._default_paths(from_environment)
        first = first_folder(paths, self.cwd)
        chain = self.configs.of(first)
        self.library.environment = {**self.configs.dotenv(first), **self.process}
        found, absent = collect(paths, self.cwd)
        self.diagnostics.extend(absent)
        files = [self.library.file(each) for each in found]
        self.references.files = tuple(files)
        outside = Outside(
            options=self.options,
            above=above,
            files=MappingProxyType(self._variable_files()),
            given=MappingProxyType({name: literal(value) for name, value in self.options.variables.items()}),
            environment=self.library.environment,
            current=current_layers(tuple(files)),
        )
        run = self._settings(settings.merged((*(config.layer for config in chain), *above)), chain, outside)
        self.started = variable_names(run.environment)
        items = self._items(files, Builder(outside, self.references, self.configs))
        self.configs.told()
        if not items and not absent:
            self._nothing(files, paths)
        return Loaded(
            items=items,
            settings=replace(run, secrets=tuple(dict.fromkeys((*run.secrets, *self.secrets)))),
            diagnostics=tuple(dict.fromkeys(self.diagnostics)),
            passed_over=tuple(self._passed(files)),
            environment=MappingProxyType(dict(self.library.environment)),
            missing=tuple(dict.fromkeys(self.missing)),
        )

    def _settings(self, found: Layer, chain: Sequence[Config], outside: Outside) -> RunSettings:
        run = settings.run_settings(found)
        if run.environment is None or self.options.no_environment:
            return replace(run, environment=None)
        written = [config.variables[0] for config in chain if config.variables is not None]
        plan, faults = with_variables(run.environment, written, outside, self.library.environment)
        self.diagnostics.extend(faults)
        return replace(run, environment=plan)

    # --- paths and variables --------------------------------------------------------------------------------------

    def _default_paths(self, above: Layer) -> list[str]:
        said = above["paths"].value if "paths" in above else None
        if isinstance(said, tuple):
            return [str(path) for path in said]
        return self.configs.paths(self.cwd) or ["."]

    def _variable_files(self) -> dict[str, object]:
        """`--vars`, each a file or the id of a VariableSet."""
        out: dict[str, object] = {}
        for name in self.options.variable_files:
            out.update(self._variable_file(name))
        return out

    def _variable_file(self, name: str) -> Mapping[str, object]:
        path = self.cwd / name
        try:
            there = path.is_file()
        except (OSError, ValueError):
            there = False
        if not there:
            return self._variable_set(name)
        if path.suffix not in (".yaml", ".yml", ".json"):
            text = self.library.text(path, name, self.diagnostics) or ""
            return {key: literal(value) for key, value in of_dotenv(text).items()}
        file = self.library.at(path)
        out: dict[str, object] = {}
        for resource in file.resources:
            out.update(resource.variables)
            self.secrets.extend(resource.secrets)
        if file.resources:
            self.diagnostics.extend(file.faults.found)
            return out
        return self._plain_variables(path, name)

    def _plain_variables(self, path: Path, name: str) -> dict[str, object]:
        text = self.library.text(path, name, self.diagnostics)
        faults = Faults(SourceText(name, text or ""))
        documents = read(faults.source)
        faults.extend(documents.diagnostics)
        out: dict[str, object] = {}
        for node in documents.documents:
            out.update(of_document(node, faults))
        self.diagnostics.extend(faults.found)
        return out

    def _variable_set(self, name: str) -> Mapping[str, object]:
        found = self.references.resource("VariableSet", name, self.cwd)
        if found is not None:
            self.secrets.extend(found.secrets)
            return found.variables
        close = did_you_mean(name, self.references.resource_ids("VariableSet", self.cwd))
        self.diagnostics.append(
            Diagnostic(
                code="no-file",
                message=f'--vars: there is no file "{name}", and no VariableSet has that id',
                help=close[:1].upper() + close[1:] or "Name a file of variables, or the id of a VariableSet.",
            )
        )
        return {}

    # --- items ------------------------------------------------------------------------------------------------------

    def _items(self, files: list[File], builder: Builder) -> tuple[Item, ...]:
        entries = [entry for file in files for entry in file.entries()]
        needs = needs_between(entries, self.references)
        built = {entry.key: builder.item(entry) for entry in needs.entries}
        for file in files:
            _twice(file)
        data = {Path(os.path.normpath(path)) for file in builder.files for path in file.data}
        kept = [entry for entry in needs.entries if not _elsewhere(entry, builder, data)]
        items: list[Item] = []
        told: dict[File, None] = dict.fromkeys(file for file in files if file.found.must or file.found.path not in data)
        told.update(dict.fromkeys(file for file in builder.files if file.found.path not in data or file.found.must))
        for file in told:
            self.diagnostics.extend(file.faults.by_place())
        for entry in kept:
            mine = [replace(item, needs=needs.words[entry.key]) for item in built[entry.key]]
            items.extend(item for item in mine if self._whole(item) and not _faulty(item, entry, builder))
        return tuple(items)

    def _whole(self, item: Item) -> bool:
        """Whether every variable of an item is defined; those that are not are told."""
        found = undefined(item, self.library.environment, self.started)
        self.diagnostics.extend(found)
        self.missing.extend(found.values())
        return not found

    # --- what is told of all files ----------------------------------------------------------------------------------

    def _passed(self, files: list[File]) -> Iterator[str]:
        for file in files:
            yield from file.passed
            for resource in file.resources:
                if resource.effect:
                    yield f"{file.found.shown}: {resource.effect}"

    def _nothing(self, files: list[File], paths: list[str]) -> None:
        if any(fault.severity is Severity.ERROR for fault in self.diagnostics):
            return
        resources = sum(len(file.resources) for file in files)
        if self.options.checking and resources:
            return
        passed = sum(len(file.passed) for file in files)
        seen = f"; {passed} documents there are none of ours" if passed else ""
        if resources:
            seen = "; what is there are resources, which run nothing by themselves"
        self.diagnostics.append(
            Diagnostic(
                code="nothing-found",
                message=f"no test found in {', '.join(paths)}{seen}",
                help="Name a file or folder with tests; a test is a YAML mapping with `trigger`, and `expect` or `specs`.",
            )
        )


def first_folder(paths: Sequence[str], cwd: Path) -> Path:
    """The folder whose `spanspec.yaml` is the run's: that of the first path."""
    first = Path(os.path.normpath(cwd / paths[0])) if paths else cwd
    return first if first.is_dir() else first.parent


def _elsewhere(entry: Entry, builder: Builder, data: set[Path]) -> bool:
    """Whether an entry runs as a step elsewhere, or its file is another's data; what the user named runs by itself too."""
    if entry.file.found.named:
        return False
    return entry.key in builder.named or (entry.file.found.path in data and not entry.file.found.must)


def _faulty(item: Item, entry: Entry, builder: Builder) -> bool:
    """Whether a file that the item was built from has an error."""
    if has_errors(entry.file.faults.found):
        return True
    if not isinstance(item, SuitePlan):
        return False
    paths = {plan.path for plan in item.plans}
    return any(file.found.shown in paths and has_errors(file.faults.found) for file in builder.files)


def _twice(file: File) -> None:
    """Tell of two tests or suites of one name, or one id, in one file."""
    for what in ("name", "id"):
        seen: dict[str, Entry] = {}
        for entry in file.entries(ITEMS):
            said = getattr(entry, what)
            if said and said in seen:
                body = entry.document.body
                at = body.get(what) if body is not None else None
                line = file.faults.source.position(seen[said].document.node.range.start).line
                say = file.faults.warn if entry.document.typed and what == "name" else file.faults.error
                say(
                    "duplicate-name", f'two definitions in this file have the {what} "{said}"',
                    at.range if at is not None else entry.document.node.range, label=f"the first begins on line {line}",
                    help="Give each a name of its own: reports and `needs` tell them apart by it.",
                )  # fmt: skip
            seen.setdefault(said, entry)
