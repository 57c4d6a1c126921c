#!/bin/sh
# Installs the real servers that tests use. Needs root and Debian's package manager; each is pinned by the distribution.
# What is there already is left alone. Exits non-zero when one could not be had.
set -eu

if [ "$(id -u)" != 0 ]; then
  echo "make servers installs system packages: run it as root" >&2
  exit 1
fi

missing=""
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then missing="$missing postgresql"; fi
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"

if [ -n "$missing" ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # The server packages would start clusters of their own; the tests start theirs on free ports.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing
fi

# The OpenTelemetry SDK of another language, for the receiver's tests: exact versions from a lock, kept out of the tree.
if [ -f tests/servers/node/package-lock.json ]; then
  (cd tests/servers/node && npm ci --silent --no-audit --no-fund)
fi
echo "servers: all there"
