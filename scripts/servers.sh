#!/bin/sh
# Installs the real servers that tests use: all of them, or those named (`sh scripts/servers.sh kafka rabbitmq`).
# One function a server; each leaves alone what is there already, and pins what it fetches. Debian's packages are pinned
# by the distribution and need root. What is no Debian package goes into $SPANSPEC_SERVERS_DIR, outside this tree.
# Exits non-zero when one could not be had.
set -eu

SERVERS="postgresql node kafka rabbitmq zipkin opensearch elasticsearch collector"
PLACE=${SPANSPEC_SERVERS_DIR:-$HOME/.cache/spanspec-servers}
KAFKA=4.4.0
MAVEN_DEPENDENCY=3.6.1
ZIPKIN=3.6.1
OPENSEARCH=2.19.6
ELASTICSEARCH=7.17.28
COLLECTOR=0.161.0

# --- the servers ---------------------------------------------------------------------------------------------------

postgresql() {
  if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then return; fi
  # The package would start a cluster of its own; the tests start theirs on free ports.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
  debian postgresql
}

node() {
  command -v node >/dev/null 2>&1 || debian nodejs
  command -v npm >/dev/null 2>&1 || debian npm
  # The OpenTelemetry SDK of another language, for the receiver's tests, the engine that editors colour texts with, and
  # the schema of SARIF: exact versions from locks, kept out of the tree.
  if [ -f tests/servers/node/package-lock.json ]; then
    (cd tests/servers/node && npm ci --silent --no-audit --no-fund)
    (cd tests/servers/textmate && npm ci --silent --no-audit --no-fund)
    (cd tests/servers/schemas && npm ci --silent --no-audit --no-fund --ignore-scripts)
  fi
}

kafka() {
  java17
  maven_with_dependencies "kafka-$KAFKA" "org.apache.kafka:kafka_2.13:$KAFKA" org.slf4j:slf4j-simple:1.7.36
}

rabbitmq() {
  [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || debian rabbitmq-server
}

zipkin() {
  java17
  maven_artifact "zipkin-$ZIPKIN" "io.zipkin:zipkin-server:$ZIPKIN:jar:exec"
}

opensearch() {
  java17
  maven_zip "opensearch-$OPENSEARCH" "org.opensearch.distribution.integ-test-zip:opensearch:$OPENSEARCH:zip"
}

# For the documents of Elastic APM.
elasticsearch() {
  java17
  maven_zip "elasticsearch-$ELASTICSEARCH" "org.elasticsearch.distribution.integ-test-zip:elasticsearch:$ELASTICSEARCH:zip"
}

# The OpenTelemetry Collector with the components in servers-collector.yaml, built by its own builder; takes some minutes.
collector() {
  place="$PLACE/collector-$COLLECTOR"
  if [ -x "$place/otelcol" ]; then return; fi
  command -v go >/dev/null 2>&1 || debian golang-go
  draft="$PLACE/.collector.$$"
  mkdir -p "$draft"
  GOBIN="$draft" go install "go.opentelemetry.io/collector/cmd/builder@v$COLLECTOR"
  cp scripts/servers-collector.yaml "$draft/builder.yaml"
  (cd "$draft" && ./builder --config=builder.yaml >build.log 2>&1) || { tail -20 "$draft/build.log" >&2; exit 1; }
  mkdir -p "$place"
  mv "$draft/built/otelcol" "$place/otelcol"
  rm -rf "$draft"
}

# --- what they stand on --------------------------------------------------------------------------------------------

# Packages of Debian; the servers among them are not started: the tests start theirs on free ports.
debian() {
  if [ "$(id -u)" != 0 ]; then
    echo "servers: $* must be installed by the system's package manager: run this as root" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  if [ -z "${UPDATED:-}" ]; then apt-get update -qq; UPDATED=1; fi
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod +x "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get install -y -qq --no-install-recommends "$@"
}

java17() {
  command -v java >/dev/null 2>&1 || debian openjdk-17-jre-headless
}

# maven_with_dependencies FOLDER GROUP:ARTIFACT:VERSION...: the jars and all that they need, into $PLACE/FOLDER.
# The folder appears whole or not at all.
maven_with_dependencies() {
  folder=$1
  shift
  [ ! -d "$PLACE/$folder" ] || return 0
  command -v mvn >/dev/null 2>&1 || debian maven
  draft="$PLACE/.$folder.$$"
  mkdir -p "$draft"
  {
    echo '<project><modelVersion>4.0.0</modelVersion><groupId>spanspec</groupId><artifactId>servers</artifactId>'
    echo '<version>1</version><packaging>pom</packaging><dependencies>'
    for artifact in "$@"; do
      echo "$artifact" | awk -F: '{print "<dependency><groupId>" $1 "</groupId><artifactId>" $2 "</artifactId><version>" $3 "</version></dependency>"}'
    done
    echo '</dependencies></project>'
  } > "$draft/pom.xml"
  mvn -B -q -f "$draft/pom.xml" "org.apache.maven.plugins:maven-dependency-plugin:$MAVEN_DEPENDENCY:copy-dependencies" \
    -DoutputDirectory="$draft" -DincludeScope=runtime
  mv "$draft" "$PLACE/$folder"
}

# maven_artifact FOLDER GROUP:ARTIFACT:VERSION:TYPE[:CLASSIFIER]: one file, into $PLACE/FOLDER; whole or not at all.
maven_artifact() {
  folder=$1
  [ ! -d "$PLACE/$folder" ] || return 0
  command -v mvn >/dev/null 2>&1 || debian maven
  draft="$PLACE/.$folder.$$"
  mkdir -p "$draft"
  mvn -B -q "org.apache.maven.plugins:maven-dependency-plugin:$MAVEN_DEPENDENCY:copy" -Dartifact="$2" -DoutputDirectory="$draft"
  mv "$draft" "$PLACE/$folder"
}

# maven_zip FOLDER GROUP:ARTIFACT:VERSION:zip: what is in the archive, into $PLACE/FOLDER; readable to all, for these servers
# refuse to run as root.
maven_zip() {
  folder=$1
  [ ! -d "$PLACE/$folder" ] || return 0
  command -v mvn >/dev/null 2>&1 || debian maven
  command -v unzip >/dev/null 2>&1 || debian unzip
  draft="$PLACE/.$folder.$$"
  mkdir -p "$draft"
  mvn -B -q "org.apache.maven.plugins:maven-dependency-plugin:$MAVEN_DEPENDENCY:copy" -Dartifact="$2" -DoutputDirectory="$draft"
  unzip -q -d "$draft/out" "$draft"/*.zip
  mv "$draft"/out/* "$PLACE/$folder"
  chmod -R a+rX "$PLACE/$folder"
  rm -rf "$draft"
}

mkdir -p "$PLACE"
# Names of servers have no blanks, so that dividing them is what is wanted.
# shellcheck disable=SC2048
for server in ${*:-$SERVERS}; do
  case " $SERVERS " in
    *" $server "*) "$server" ;;
    *) echo "servers: no \"$server\"; there are: $SERVERS" >&2; exit 2 ;;
  esac
done
echo "servers: all there"
