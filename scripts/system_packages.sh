#!/bin/sh
# Install what pip cannot bring: with apt-get where we may, else say what is missing.
#   system_packages.sh run     Python and its venv module
#   system_packages.sh test    also PostgreSQL, two browsers and a message bus, postfix' and
#                              nghttp2's measuring tools
set -eu

missing=""

need() { # need PACKAGE: add it to what is missing
    missing="$missing $1"
}

has() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]
}

python=$(sh "$(dirname "$0")/python.sh")
if [ -z "$python" ]; then
    need python3
    need python3-venv
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    need python3-venv
fi

if [ "$1" = test ]; then
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || has initdb || need postgresql
    has firefox-esr || has firefox || need firefox-esr
    has chromium || has chromium-browser || has google-chrome || need chromium
    has dbus-daemon || need dbus-daemon
    has smtp-sink || need postfix
    has nghttpd || need nghttp2-server
    has h2load || need nghttp2-client
fi

[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif has sudo && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "Please install these system packages first:$missing (apt-get install$missing)" >&2
    exit 1
fi
if ! has apt-get; then
    echo "Please install these first, under the names your system gives them:$missing" >&2
    exit 1
fi

echo "Installing system packages:$missing"
# no service is started or set up: the tests start their own servers
policy=/usr/sbin/policy-rc.d
made=""
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
    made=yes
fi
trap '[ -z "$made" ] || $as_root rm -f "$policy"' EXIT
export DEBIAN_FRONTEND=noninteractive
apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0"
$apt update
# shellcheck disable=SC2086  the list is meant to be split
$apt install --no-install-recommends -y $missing >/dev/null
