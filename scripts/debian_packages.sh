#!/usr/bin/env bash
# Install Debian packages that are not there: scripts/debian_packages.sh PACKAGE|PROGRAM:PACKAGE...
# PROGRAM:PACKAGE: nothing to do where the program is on PATH, however it came there.
# Where that is not possible it says so and goes on, and the tests that need them are skipped with that reason; CI=true must
# not skip silently, so there it ends with 1.
set -euo pipefail
missing=()
for wanted in "$@"; do
    package=${wanted#*:}
    [ "$package" = "$wanted" ] || ! command -v "${wanted%%:*}" >/dev/null || continue
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

give_up() {
    if [ "${CI:-}" = true ]; then echo "could not install ${missing[*]} ($1), and CI=true: no test may be skipped" >&2; exit 1; fi
    echo "could not install ${missing[*]} ($1): the tests that need it are skipped" >&2
    exit 0
}
if [ "$(id -u)" -eq 0 ]; then root=(); elif sudo -n true 2>/dev/null; then root=(sudo -n); else give_up "not root"; fi
echo "== installing ${missing[*]}" >&2
"${root[@]}" apt-get update -qq >&2 || true # one source of many may fail; the installation says whether it mattered
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
    give_up "apt-get failed"
