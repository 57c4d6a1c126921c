"""Which build a run belongs to, from the variables that continuous integration sets. Pure: the environment is an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

_Environment: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build; an empty text where the provider does not say.

    Attributes:
        provider: `GitHub Actions`, `GitLab CI`, …; `CI` where only that variable is set.
        number: The build's number or id.
        url: Where a person sees it.
        branch: The branch, or the tag.
        commit: The full hash.
        pull_request: The number of the pull or merge request.
    """

    provider: str
    number: str = ""
    url: str = ""
    branch: str = ""
    commit: str = ""
    pull_request: str = ""


def build_of(environment: _Environment) -> Build | None:
    """The build that the variables describe; None outside of continuous integration."""
    for mark, read in _PROVIDERS.items():
        if environment.get(mark):
            return read(environment)
    ci = environment.get("CI", "").lower()
    return Build(provider="CI") if ci not in ("", "0", "false") else None


def _github(env: _Environment) -> Build:
    url = ""
    if env.get("GITHUB_REPOSITORY") and env.get("GITHUB_RUN_ID"):
        base = env.get("GITHUB_SERVER_URL", "https://github.com")
        url = f"{base}/{env['GITHUB_REPOSITORY']}/actions/runs/{env['GITHUB_RUN_ID']}"
    parts = env.get("GITHUB_REF", "").split("/")
    pull = parts[2] if parts[:2] == ["refs", "pull"] and len(parts) > 2 else ""
    return Build(
        provider="GitHub Actions",
        number=env.get("GITHUB_RUN_NUMBER", ""),
        url=url,
        branch=env.get("GITHUB_HEAD_REF") or env.get("GITHUB_REF_NAME", ""),
        commit=env.get("GITHUB_SHA", ""),
        pull_request=pull,
    )


def _plain(
    provider: str, number: str, url: str, branch: str, commit: str, pull_request: str
) -> Callable[[_Environment], Build]:
    """A provider whose variables need no reading; several names stand with blanks between, the first one that is set counts."""

    def read(env: _Environment) -> Build:
        def first(names: str) -> str:
            return next((env[name] for name in names.split() if env.get(name)), "")

        pull = first(pull_request)
        return Build(
            provider=provider,
            number=first(number),
            url=first(url),
            branch=first(branch).removeprefix("refs/heads/"),
            commit=first(commit),
            pull_request="" if pull == "false" else pull.rstrip("/").rpartition("/")[2],
        )

    return read


_PROVIDERS: Final[Mapping[str, Callable[[_Environment], Build]]] = {
    "GITHUB_ACTIONS": _github,
    "GITLAB_CI": _plain(
        "GitLab CI", "CI_PIPELINE_IID", "CI_JOB_URL CI_PIPELINE_URL",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME CI_COMMIT_REF_NAME", "CI_COMMIT_SHA", "CI_MERGE_REQUEST_IID",
    ),
    "JENKINS_URL": _plain(
        "Jenkins", "BUILD_NUMBER", "BUILD_URL", "CHANGE_BRANCH BRANCH_NAME GIT_BRANCH", "GIT_COMMIT", "CHANGE_ID"
    ),
    "CIRCLECI": _plain(
        "CircleCI", "CIRCLE_BUILD_NUM", "CIRCLE_BUILD_URL", "CIRCLE_BRANCH CIRCLE_TAG", "CIRCLE_SHA1", "CIRCLE_PULL_REQUEST"
    ),
    "TF_BUILD": _plain(
        "Azure Pipelines", "BUILD_BUILDNUMBER", "", "SYSTEM_PULLREQUEST_SOURCEBRANCH BUILD_SOURCEBRANCH",
        "BUILD_SOURCEVERSION", "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER SYSTEM_PULLREQUEST_PULLREQUESTID",
    ),
    "BUILDKITE": _plain(
        "Buildkite", "BUILDKITE_BUILD_NUMBER", "BUILDKITE_BUILD_URL", "BUILDKITE_BRANCH", "BUILDKITE_COMMIT",
        "BUILDKITE_PULL_REQUEST",
    ),
    "BITBUCKET_BUILD_NUMBER": _plain(
        "Bitbucket Pipelines", "BITBUCKET_BUILD_NUMBER", "", "BITBUCKET_BRANCH BITBUCKET_TAG", "BITBUCKET_COMMIT",
        "BITBUCKET_PR_ID",
    ),
    "TRAVIS": _plain(
        "Travis CI", "TRAVIS_BUILD_NUMBER", "TRAVIS_BUILD_WEB_URL", "TRAVIS_PULL_REQUEST_BRANCH TRAVIS_BRANCH",
        "TRAVIS_COMMIT", "TRAVIS_PULL_REQUEST",
    ),
    "TEAMCITY_VERSION": _plain("TeamCity", "BUILD_NUMBER", "BUILD_URL", "", "BUILD_VCS_NUMBER", ""),
    "DRONE": _plain(
        "Drone", "DRONE_BUILD_NUMBER", "DRONE_BUILD_LINK", "DRONE_SOURCE_BRANCH DRONE_BRANCH", "DRONE_COMMIT_SHA",
        "DRONE_PULL_REQUEST",
    ),
    "CODEBUILD_BUILD_ID": _plain(
        "AWS CodeBuild", "CODEBUILD_BUILD_NUMBER", "CODEBUILD_BUILD_URL", "CODEBUILD_WEBHOOK_HEAD_REF",
        "CODEBUILD_RESOLVED_SOURCE_VERSION", "",
    ),
    "TEKTON_PIPELINE_RUN": _plain("Tekton", "TEKTON_PIPELINE_RUN", "", "", "", ""),
}  # fmt: skip
"""The variable that tells a provider, and how its build is read."""
