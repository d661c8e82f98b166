#!/bin/sh
# Print the path of a Chromium for the browser tests; install one where that needs no question. Called by the Makefile.
# Without one it prints nothing and the tests are skipped; where CI is set, that is a failure.
set -eu

find_browser() {
    if [ -n "${BROWSER_PATH:-}" ] && [ -x "$BROWSER_PATH" ]; then
        echo "$BROWSER_PATH"
        return 0
    fi
    for name in chromium chromium-browser google-chrome; do
        if command -v "$name"; then
            return 0
        fi
    done
    return 1
}

if find_browser; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing a Chromium for the browser tests ..." >&2
    if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >&2 </dev/null; then
        find_browser && exit 0
    fi
fi
if [ -n "${CI:-}" ]; then
    echo "No Chromium found, and none could be installed; set BROWSER_PATH." >&2
    exit 1
fi
