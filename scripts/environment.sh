#!/usr/bin/env bash
# Make a virtual environment and install a hashed constraints file into it: scripts/environment.sh VENV CONSTRAINTS [--with-edgekit]
# uv does the installing; it does not read pip's configuration, so the index that pip is configured with is passed on.
set -euo pipefail
venv=$1 constraints=$2 with_edgekit=${3:-}
stamp=$venv/.installed
wanted=$(cat "$constraints" pyproject.toml scripts/environment.sh | sha256sum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi

python=${PYTHON:-}
for candidate in python3.11 python3 python; do
    [ -n "$python" ] && break
    command -v "$candidate" >/dev/null && python=$candidate
done
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || {
    echo "edgekit needs Python 3.11 to 3.13, and '$python' is $("$python" -V 2>&1); name another: make PYTHON=/path/to/python3.11" >&2
    exit 1
}
echo "== making $venv ($("$python" -V), $(grep -c '==' "$constraints") packages of $constraints)" >&2
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install -q --disable-pip-version-check "uv>=0.8,<1"

setting() { "$venv/bin/python" -m pip config get "$1" 2>/dev/null || true; }
index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$(setting global.index-url)}}
[ -n "$index" ] && export UV_DEFAULT_INDEX=$index
extra=${UV_INDEX:-${PIP_EXTRA_INDEX_URL:-$(setting global.extra-index-url)}}
[ -n "$extra" ] && export UV_INDEX=$extra
certificate=${SSL_CERT_FILE:-${PIP_CERT:-$(setting global.cert)}}
[ -n "$certificate" ] && export SSL_CERT_FILE=$certificate
export VIRTUAL_ENV=$PWD/$venv UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-180} UV_LINK_MODE=${UV_LINK_MODE:-copy}
unset UV_PYTHON || true
"$venv/bin/uv" pip install -q --require-hashes -r "$constraints"
if [ "$with_edgekit" = --with-edgekit ]; then "$venv/bin/uv" pip install -q --no-deps -e .; fi
echo "$wanted" >"$stamp"
