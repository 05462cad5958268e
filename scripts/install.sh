#!/bin/sh
# Install a lock file and Civic Push itself into .venv:   scripts/install.sh requirements.lock
set -eu
cd "$(dirname "$0")/.."
pip=.venv/bin/pip

# The builder first: packages that come without a wheel are then built by the setuptools that
# the lock file pins, instead of one that pip fetches unchecked.
sed -n '/^setuptools==/,/[^\\]$/p' "$1" >.venv/builder.lock
$pip install --quiet --require-hashes -r .venv/builder.lock

export PIP_USE_PEP517=1 # not an option: newer pips know nothing else and refuse it
$pip install --quiet --require-hashes --no-build-isolation -r "$1"
# setuptools warns at length that an editable installation is an editable installation
PYTHONWARNINGS=ignore $pip install --quiet --no-deps --no-build-isolation -e .
