#!/bin/sh
# Resolve the newest allowed versions into constraints.txt, for every platform at once, without a URL in it.
# Called by `make lock`. Takes uv from PATH, or installs it into a throw-away folder.
set -eu
cd "$(dirname "$0")/.."

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    .venv/bin/python -m pip install --disable-pip-version-check --quiet --target "$folder" uv
    uv=$folder/bin/uv
fi
"$uv" pip compile --quiet --universal --python-version 3.11 --all-extras --upgrade \
    --no-header --no-annotate --no-emit-package proofdesk pyproject.toml \
    clients/python/pyproject.toml --output-file constraints.txt
if grep -n '://' constraints.txt; then
    echo "constraints.txt names a place to download from; it must not." >&2
    exit 1
fi
