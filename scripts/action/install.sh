#!/usr/bin/env bash
# Installs spanspec into an environment of its own and puts it on the PATH of the steps after.
# IN_PACKAGE: what pip installs, with extras or a version; empty where spanspec is on the PATH already.
set -euo pipefail

if [ -z "${IN_PACKAGE:-}" ]; then
  command -v spanspec >/dev/null || { echo "::error title=spanspec::spanspec is not on the PATH; give the input \"package\""; exit 1; }
  exit 0
fi
place="${RUNNER_TEMP:?}/spanspec-action"
python -m venv "$place"
programs="$place/bin"
[ -d "$programs" ] || programs="$place/Scripts"   # Windows
"$programs/python" -m pip install --quiet --disable-pip-version-check "$IN_PACKAGE"
echo "$programs" >>"${GITHUB_PATH:?}"
