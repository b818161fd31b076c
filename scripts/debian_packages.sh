#!/usr/bin/env bash
# Install the Debian packages that `make test-all` uses, if they are not there: scripts/debian_packages.sh PACKAGE...
# Without root (and without sudo) it says so and goes on: the tests that need them are skipped with that reason.
set -euo pipefail
missing=()
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ]; then root=(); elif sudo -n true 2>/dev/null; then root=(sudo -n); else
    echo "not root: ${missing[*]} not installed; the tests that need them are skipped" >&2
    exit 0
fi
echo "== installing ${missing[*]}" >&2
"${root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
