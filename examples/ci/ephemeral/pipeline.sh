#!/usr/bin/env bash
# The five steps of a pipeline, for any CI system: environment, collector, run, verdict, tear-down.
set -euo pipefail
cd "$(dirname "$0")"

# 1 and 2: the services and the collector, of this pipeline alone. Whatever happens, they are taken down (5).
trap 'docker compose down --volumes --remove-orphans' EXIT
docker compose up --detach --wait

# 3: the run. It listens itself; the collector sends to it.
code=0
spanspec run "$@" || code=$?

# 4: the verdict. The logs of the services help where a test could not be carried out.
if [ "$code" -eq 3 ]; then docker compose logs --no-color --tail 200; fi
exit "$code"
