"""The options of `spanspec run`, by what they are about. Each group hands the command one value."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from spanspec.cli._dry import option as dry_run_option
from spanspec.cli.options import duration_s, variables
from spanspec.definition.plan import Options, Wait
from spanspec.errors import UsageError
from spanspec.reports.base import REPORTS
from spanspec.runner.keyword import condition
from spanspec.runner.select import Selection, parse_shard

F = TypeVar("F", bound=Callable[..., Any])
MOST_JOBS, MOST_REPEATS, MOST_RETRIES = 10_000, 100_000, 1000
REFERENCE_WORDS = ("test", "testsuite", "transaction")


def group(keyword: str, build: Callable[..., object], *options: Callable[[F], F]) -> Callable[[F], F]:
    """A decorator that adds options and hands over what `build` makes of their values, under one keyword."""
    names = tuple(inspect.signature(build).parameters)

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def taking(**given: Any) -> Any:
            made = build(**{name: given.pop(name) for name in names})
            return function(**{keyword: made}, **given)

        decorated: Any = taking
        for option in reversed(options):
            decorated = option(decorated)
        return decorated  # type: ignore[no-any-return]  # click's options keep the function's type

    return decorate


# --- what is loaded ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """What is loaded, and with which settings."""

    paths: tuple[str, ...]
    ids: tuple[str, ...]
    options: Options
    stored: str | None


def _loading(
    paths: tuple[str, ...],
    files: tuple[str, ...],
    ids: tuple[str, ...],
    endpoint: str,
    pairs: tuple[str, ...],
    variable_files: tuple[str, ...],
    receiver: tuple[str, ...],
    forward: tuple[str, ...],
    forward_headers: tuple[str, ...],
    store: str,
    stored: str | None,
    wait: str | None,
    timeout: str | None,
    linger: str | None,
    on_inconclusive: str | None,
    gates: str,
    compat: bool,
    retries: int | None,
    jobs: str,
    no_environment: bool,
) -> Loading:
    if (files or ids) and paths and paths[0] in REFERENCE_WORDS:
        paths = paths[1:]
    options = Options(
        endpoint=endpoint,
        variables=variables(pairs),
        variable_files=variable_files,
        receiver=receiver,
        forward=forward,
        forward_headers=forward_headers,
        store=store,
        compat=compat,
        wait=Wait(wait) if wait else None,
        timeout_s=duration_s(timeout, "--timeout"),
        linger_s=None if linger in (None, "auto") else duration_s(linger, "--linger"),
        on_inconclusive=on_inconclusive or "",
        gates=tuple(part.strip() for part in gates.split(",") if part.strip()),
        stored=stored is not None,
        retries=retries,
        jobs=_jobs(jobs),
        no_environment=no_environment or stored is not None,
    )
    return Loading(paths=(*paths, *files), ids=ids, options=options, stored=stored)


def _jobs(text: str) -> str:
    """`--jobs`, held to be a number or `auto`."""
    if not text or text == "auto":
        return text
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_JOBS:
        return text
    raise UsageError(f'--jobs: "{text}" is no number from 1 to {MOST_JOBS:,}, nor auto', help="Write it like --jobs 8.")


loading = group(
    "loading",
    _loading,
    click.argument("paths", nargs=-1, metavar="[PATH]..."),
    click.option(
        "-f", "--file", "files", multiple=True, metavar="FILE", help="A definition; `run test -f FILE` is `run FILE`."
    ),
    click.option("--id", "ids", multiple=True, metavar="ID", help="Only the test or suite with this id; repeatable."),
    click.option(
        "--endpoint", metavar="URL", default="", help="Base of relative trigger URLs, and in place of their origin."
    ),
    click.option("--var", "pairs", multiple=True, metavar="NAME=VALUE", help="A value for ${var:NAME}; repeatable."),
    click.option(
        "--vars", "-e", "--environment", "variable_files", multiple=True, metavar="FILE",
        help="A file of variables, or the id of a VariableSet; repeatable.",
    ),
    click.option(
        "--receiver", multiple=True, metavar="HOST[:PORT]", help="Where to take telemetry in; also http=…, grpc=…."
    ),
    click.option(
        "--forward", multiple=True, metavar="URL", help="Pass everything received on to this OTLP endpoint; repeatable."
    ),
    click.option(
        "--forward-header", "forward_headers", multiple=True, metavar="NAME=VALUE",
        help="A header for that endpoint, such as a vendor's key; better in SPANSPEC_FORWARD_HEADERS; repeatable.",
    ),
    click.option("--store", metavar="NAME", default="", help="Where traces are read from: a store of spanspec.yaml."),
    click.option(
        "--trace",
        "stored",
        metavar="FILE[#ID]|ID",
        help="Judge a stored trace, of a file or of the store, instead of firing.",
    ),
    click.option(
        "--wait", type=click.Choice(["decided", "settled"]), help="End a case when all is decided, or when settled."
    ),
    click.option("--timeout", metavar="DURATION", help="Most time for one test, set-up to verdict."),
    click.option("--linger", metavar="DURATION|auto", help="Wait for late spans once, before the summary."),
    click.option(
        "--on-inconclusive", type=click.Choice(["fail", "pass"]), help="What an undecided check does to the run."
    ),
    click.option("--required-gates", "gates", metavar="GATE,…", default="", help="Gates that each test must pass."),
    click.option("--compat", is_flag=True, help="Keep the reference's faults for specs and outputs."),
    click.option(
        "--retries", type=click.IntRange(0, MOST_RETRIES), metavar="N", help="Try what did not pass so often again."
    ),
    click.option(
        "--no-environment", is_flag=True, help="Start nothing: the system that `environment:` describes runs already."
    ),
    click.option("--jobs", "-j", metavar="N|auto", default="", help="How many tests are under way at once."),
)  # fmt: skip


# --- what is chosen ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """Which tests run, how often, in which order, and for how long."""

    selection: Selection
    seed: int | None
    repeat: int
    fail_fast: bool
    run_timeout_s: float | None
    only_plan: bool
    dry_run: bool
    watch: bool


def _choosing(
    keyword: str | None,
    tags: tuple[str, ...],
    shard: str | None,
    last_failed: bool,
    failed_first: bool,
    random_order: bool,
    fail_fast: bool,
    repeat: int,
    seed: int | None,
    run_timeout: str | None,
    only_plan: bool,
    dry_run: bool,
    watch: bool,
) -> Choosing:
    if keyword is not None:
        condition(keyword)  # a slip is told before anything is loaded
    selection = Selection(
        keyword=keyword or "",
        tags=tags,
        last_failed=last_failed,
        failed_first=failed_first,
        random_order=random_order,
        shard=parse_shard(shard) if shard is not None else None,
    )
    return Choosing(
        selection=selection,
        seed=seed,
        repeat=repeat,
        fail_fast=fail_fast,
        run_timeout_s=duration_s(run_timeout, "--run-timeout"),
        only_plan=only_plan,
        dry_run=dry_run,
        watch=watch,
    )


choosing = group(
    "choosing",
    _choosing,
    click.option(
        "-k", "keyword", metavar="EXPR", help="Only what the words choose: -k 'checkout and not (slow or tag:nightly)'."
    ),
    click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only tests with this tag; repeatable: with any."),
    click.option("--shard", metavar="I/N", help="Only this part of N; `spanspec merge` brings the parts together."),
    click.option("--last-failed", "--lf", is_flag=True, help="Only what did not pass when it ran last."),
    click.option("--failed-first", "--ff", is_flag=True, help="What did not pass when it ran last comes first."),
    click.option("--random-order", is_flag=True, help="Start tests in an order that --seed decides."),
    click.option("--fail-fast", "-x", is_flag=True, help="Start nothing more once a test has not passed."),
    click.option(
        "--repeat", type=click.IntRange(1, MOST_REPEATS), default=1, metavar="N", help="Run each test so often."
    ),
    click.option("--seed", type=int, help="Of generated values and orders; random by default, and printed."),
    click.option("--run-timeout", metavar="DURATION", help="Most time for the whole run; what is left is cut off."),
    click.option("--plan", "only_plan", is_flag=True, help="Show what would run, and run nothing."),
    dry_run_option,
    click.option("--watch", is_flag=True, help="Run again whenever a file changes, until Ctrl-C."),
)


# --- what is shown ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """What is shown and written.

    Attributes:
        reports: Formats and paths; a path is empty for stdout.
        output: `pretty` or `json`.
        verbose: -1 for the summary alone, 0, 1 for every check, and so on.
    """

    reports: tuple[tuple[str, str], ...]
    output: str
    verbose: int

    @property
    def silent(self) -> bool:
        """Whether nothing but results is shown."""
        return self.verbose < 0 or self.output == "json"


def _showing(reports: tuple[str, ...], junit: str | None, output: str, verbose: int, quiet: bool) -> Showing:
    wanted: list[tuple[str, str]] = []
    for text in (*reports, *([f"junit={junit}"] if junit else [])):
        name, _, path = text.partition("=")
        REPORTS.load(name)  # an unknown name is told before anything runs
        wanted.append((name, path))
    return Showing(reports=tuple(wanted), output=output, verbose=-1 if quiet else verbose)


showing = group(
    "showing",
    _showing,
    click.option(
        "--report", "reports", multiple=True, metavar="FORMAT[=PATH]",
        help="A report: github, json, junit, markdown, ndjson, sarif, tap, terminal; repeatable.",
    ),
    click.option("--junit", metavar="PATH", help="The same as --report junit=PATH."),
    click.option("-o", "--output", type=click.Choice(["pretty", "json"]), default="pretty", help="What goes to stdout."),
    click.option("-v", "--verbose", count=True, help="Show every check with what was observed."),
    click.option("-q", "--quiet", is_flag=True, help="Show the summary alone."),
)  # fmt: skip
