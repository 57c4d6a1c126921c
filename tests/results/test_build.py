"""Which build a run belongs to, from the variables that each provider documents."""

from __future__ import annotations

import pytest

from spanspec.results.build import Build, build_of

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "shop/shop",
    "GITHUB_RUN_ID": "99",
    "GITHUB_RUN_NUMBER": "12",
    "GITHUB_REF": "refs/pull/7/merge",
    "GITHUB_REF_NAME": "7/merge",
    "GITHUB_HEAD_REF": "feature",
    "GITHUB_SHA": "abc",
}


@pytest.mark.parametrize(
    ("environment", "build"),
    [
        ({}, None),
        ({"CI": "false"}, None),
        ({"CI": "1"}, Build(provider="CI")),
        (
            GITHUB,
            Build(
                provider="GitHub Actions", number="12", url="https://github.com/shop/shop/actions/runs/99",
                branch="feature", commit="abc", pull_request="7",
            ),
        ),
        (
            {**GITHUB, "GITHUB_REF": "refs/heads/main", "GITHUB_REF_NAME": "main", "GITHUB_HEAD_REF": ""},
            Build(
                provider="GitHub Actions", number="12", url="https://github.com/shop/shop/actions/runs/99",
                branch="main", commit="abc",
            ),
        ),
        (
            {"GITLAB_CI": "true", "CI_PIPELINE_IID": "5", "CI_JOB_URL": "https://g/j/1", "CI_COMMIT_REF_NAME": "main",
             "CI_COMMIT_SHA": "abc"},
            Build(provider="GitLab CI", number="5", url="https://g/j/1", branch="main", commit="abc"),
        ),
        (
            {"JENKINS_URL": "https://j", "BUILD_NUMBER": "3", "BUILD_URL": "https://j/3", "GIT_BRANCH": "main",
             "GIT_COMMIT": "abc", "CHANGE_ID": "8", "CHANGE_BRANCH": "feature"},
            Build(provider="Jenkins", number="3", url="https://j/3", branch="feature", commit="abc", pull_request="8"),
        ),
        (
            {"CIRCLECI": "true", "CIRCLE_BUILD_NUM": "4", "CIRCLE_BRANCH": "b", "CIRCLE_SHA1": "abc",
             "CIRCLE_PULL_REQUEST": "https://github.com/o/r/pull/15"},
            Build(provider="CircleCI", number="4", branch="b", commit="abc", pull_request="15"),
        ),
        (
            {"TF_BUILD": "True", "BUILD_BUILDNUMBER": "20261124.1", "BUILD_SOURCEBRANCH": "refs/heads/main",
             "BUILD_SOURCEVERSION": "abc"},
            Build(provider="Azure Pipelines", number="20261124.1", branch="main", commit="abc"),
        ),
        (
            {"BUILDKITE": "true", "BUILDKITE_BUILD_NUMBER": "2", "BUILDKITE_PULL_REQUEST": "false"},
            Build(provider="Buildkite", number="2"),
        ),
        ({"TEKTON_PIPELINE_RUN": "run-7"}, Build(provider="Tekton", number="run-7")),
    ],
)  # fmt: skip
def test_a_build_is_read_from_its_variables(environment: dict[str, str], build: Build | None) -> None:
    """Provider, number, page, branch, commit and pull request; what is not said is empty."""
    assert build_of(environment) == build
