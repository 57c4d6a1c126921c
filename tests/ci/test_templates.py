"""The templates for CI systems: true to the systems' published schemas, with commands of ours that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml

from spanspec.definition.load import load
from spanspec.definition.plan import Options
from spanspec.source.render import render_all
from tests.ci.commands import commands, hold, schema, texts
from tests.docs.pages import ROOT

CI = ROOT / "examples" / "ci"
SCHEMAS = {
    "github-actions.yml": "github-workflows",
    "gitlab-ci.yml": "gitlab-ci",
    "circleci.yml": "circle-ci",
    "azure-pipelines.yml": "azure-pipelines",
    "ephemeral/compose.yaml": "compose-spec",
}
YAML = sorted(str(path.relative_to(CI)) for path in CI.rglob("*.y*ml"))


def documents(name: str) -> list[Any]:
    """The YAML documents of a template; `on:` stays a text."""
    loader = type(
        "Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": dict(yaml.SafeLoader.yaml_implicit_resolvers)}
    )
    for letter in "oOyYnN":
        loader.yaml_implicit_resolvers[letter] = [  # type: ignore[attr-defined]
            each
            for each in loader.yaml_implicit_resolvers.get(letter, ())
            if each[0] != "tag:yaml.org,2002:bool"  # type: ignore[attr-defined]
        ]
    return list(yaml.load_all((CI / name).read_text(encoding="utf-8"), Loader=loader))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_template_keeps_to_its_schema(name: str) -> None:
    """The file is one that the CI system takes, by its published schema."""
    found = schema(SCHEMAS[name])
    (document,) = documents(name)
    checker = jsonschema.validators.validator_for(found)(found)
    errors = [f"{list(error.absolute_path)}: {error.message[:300]}" for error in checker.iter_errors(document)]
    assert not errors, errors


@pytest.mark.parametrize("name", YAML)
def test_commands_in_a_template_are_real(name: str) -> None:
    """Each call of spanspec is of a command that exists, with its options."""
    for document in documents(name):
        for text in texts(document):
            for words in commands(text):
                hold(words)


def _scripted() -> list[str]:
    return [name for name in YAML if "/" not in name] + ["Jenkinsfile"]


@pytest.mark.parametrize("name", _scripted())
def test_a_template_runs_tests_and_keeps_reports(name: str) -> None:
    """Each runs the tests, and has a way for their spans to come in; all but the bare job keep a JUnit file."""
    text = (CI / name).read_text(encoding="utf-8")
    assert "--receiver" in text
    assert re.search(r"spanspec run tests|\.spanspec-action|args: \[run,", text)
    assert name in ("kubernetes-job.yml", "github-actions.yml") or "--report junit=" in text


def test_the_jenkins_pipeline() -> None:
    """Its braces close, its shell steps have calls that exist, and what follows runs whatever happened."""
    text = re.sub(r"(?<!:)//[^\n]*", "", (CI / "Jenkinsfile").read_text(encoding="utf-8"))
    steps = re.findall(r"sh '''(.*?)'''|sh '([^'\n]*)'", text, re.DOTALL)
    code = re.sub(r"sh '''.*?'''|'[^'\n]*'", "", text, flags=re.DOTALL)
    assert code.count("{") == code.count("}") > 0
    assert code.count("(") == code.count(")")
    found = [words for step in steps for words in commands(max(step, key=len))]
    assert [words[0] for words in found] == ["run"]
    for words in found:
        hold(words)
    post = text[text.index("post {") :]
    assert "always {" in post
    assert "docker compose down" in post


def _kinds(name: str) -> dict[str, Any]:
    return {each["kind"]: each for each in documents(name)}


def test_the_job_in_a_cluster() -> None:
    """The service finds the job's pod, its ports are the container's, and a failed test is not run again by the cluster."""
    found = _kinds("kubernetes-job.yml")
    job, service = found["Job"]["spec"], found["Service"]["spec"]
    pod = job["template"]["spec"]
    (container,) = pod["containers"]
    assert job["backoffLimit"] == 0
    assert pod["restartPolicy"] == "Never"
    assert service["selector"].items() <= job["template"]["metadata"]["labels"].items()
    assert {port["targetPort"] for port in service["ports"]} == {port["name"] for port in container["ports"]}
    hold([str(word) for word in container["args"]])
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    collector = yaml.safe_load(found["ConfigMap"]["data"]["collector.yaml"])
    assert collector["exporters"]["otlphttp/spanspec"]["endpoint"] == "http://spanspec:4318"


def test_the_task_of_tekton() -> None:
    """What the script refers to is declared, and the service finds the task's pod."""
    found = _kinds("tekton.yml")
    spec = found["Task"]["spec"]
    script = spec["steps"][0]["script"]
    used = set(re.findall(r"\$\((params|results|workspaces)\.([\w-]+)", yaml.safe_dump(spec["steps"])))
    declared = {(kind, each["name"]) for kind in ("params", "results", "workspaces") for each in spec[kind]}
    assert used == declared
    assert found["Service"]["spec"]["selector"] == {"tekton.dev/task": found["Task"]["metadata"]["name"]}
    assert [words[0] for words in commands(script)] == ["run"]


@pytest.mark.parametrize("script", sorted(str(p.relative_to(ROOT)) for p in CI.rglob("*.sh")))
def test_commands_in_a_script_are_real(script: str) -> None:
    """As for the templates."""
    for words in commands((ROOT / script).read_text(encoding="utf-8")):
        hold(words)


def test_a_wrong_option_is_noticed() -> None:
    """What the other tests rest on: a call that does not exist is found in a script, and refused."""
    (words,) = commands("x=1\nspanspec run tests \\\n  --no-such-option || code=$?\n")
    with pytest.raises(click.NoSuchOption):
        hold(words)


def test_the_definitions_of_the_environment() -> None:
    """They load without a fault, and what the collector's delay must be is declared."""
    found = load(["tests"], Options(), cwd=CI / "ephemeral", environment={})
    assert not found.diagnostics, render_all(found.diagnostics)
    assert [plan.name for plan in found.plans] == ["checkout"]
    assert {name for name, _ in found.settings.reports} == {"json", "junit", "markdown"}
    (compose,) = documents("ephemeral/compose.yaml")
    mounted = compose["services"]["collector"]["volumes"][0].split(":")[0]
    assert Path(CI / "ephemeral" / mounted).is_file()
    assert compose["x-telemetry"]["OTEL_BSP_SCHEDULE_DELAY"] == "100"
