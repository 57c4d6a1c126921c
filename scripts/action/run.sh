#!/usr/bin/env bash
# Runs the tests, writes the reports, and ends with the exit code of spanspec.
# IN_PATHS, IN_ARGUMENTS, IN_ENDPOINT, IN_REPORTS, IN_SUMMARY, IN_ANNOTATIONS: the inputs of the action.
set -euo pipefail

words=()
while IFS= read -r path; do
  if [ -n "$path" ]; then words+=("$path"); fi
done <<<"${IN_PATHS:-}"
# Blanks divide and quotes join, as in a shell; nothing is expanded.
while IFS= read -r word; do
  words+=("$word")
done < <(xargs -n1 printf '%s\n' <<<"${IN_ARGUMENTS:-}" | sed '/^$/d')
if [ -n "${IN_ENDPOINT:-}" ]; then words+=(--endpoint "$IN_ENDPOINT"); fi

folder="${IN_REPORTS:-spanspec-reports}"
mkdir -p "$folder"
for format in json junit sarif; do
  case "$format" in json) file=run.json ;; junit) file=junit.xml ;; sarif) file=run.sarif ;; esac
  words+=(--report "$format=$folder/$file")
  echo "$format=$folder/$file" >>"${GITHUB_OUTPUT:?}"
done
if [ "${IN_SUMMARY:-true}" = true ]; then words+=(--report "markdown=${GITHUB_STEP_SUMMARY:?}"); fi
if [ "${IN_ANNOTATIONS:-true}" = true ]; then words+=(--report github); fi

code=0
spanspec run "${words[@]}" || code=$?
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
exit "$code"
