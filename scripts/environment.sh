#!/usr/bin/env bash
# Make a virtual environment and install a hashed constraints file into it: scripts/environment.sh VENV CONSTRAINTS [--with-edgekit]
# PYTHON chooses the interpreter; without it the environment keeps the one it has. A broken environment, or one of
# another Python version, is made anew.
# uv does the installing; it does not read pip's configuration, so the index that pip is configured with is passed on.
set -euo pipefail
venv=$1 constraints=$2 with_edgekit=${3:-}
stamp=$venv/.installed

refuse() { echo "edgekit needs Python 3.11 to 3.13, and $1; name another: make PYTHON=/path/to/python3.11" >&2; exit 1; }
version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
supported() { [[ $1 =~ ^3\.1[123]$ ]]; }

if [ -n "${PYTHON:-}" ]; then
    python=$PYTHON
    command -v "$python" >/dev/null || refuse "there is no program '$python'"
    found=$(version "$python") || refuse "'$python' does not run"
    supported "$found" || refuse "'$python' is Python $found"
else
    for python in "$venv/bin/python" python3.11 python3.12 python3.13 python3 python ""; do
        [ -n "$python" ] || refuse "there is none on PATH"
        found=$(version "$python") && supported "$found" && break
    done
fi
wanted=$({ echo "$found"; cat "$constraints" pyproject.toml scripts/environment.sh; } | sha256sum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ "$(version "$venv/bin/python")" = "$found" ]; then exit 0; fi

rm -f "$stamp"
echo "== making $venv (Python $found, $(grep -c '==' "$constraints") packages of $constraints)" >&2
if [ "$(version "$venv/bin/python")" != "$found" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    # The environment's own python is about to go: the one that it was made by makes the next.
    base=$("$python" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))')
    "$base" -m venv --clear "$venv"
fi
"$venv/bin/python" -m pip install -q --disable-pip-version-check "uv>=0.8,<1"

setting() { # an option of `pip install` -> its value in pip's configuration, on one line (`pip config get` reads the user's file alone)
    "$venv/bin/python" -m pip config list 2>/dev/null | "$venv/bin/python" -c '
import ast, sys
found = dict(line.rstrip("\n").split("=", 1) for line in sys.stdin if "=" in line)
values = [found[key] for key in (f"install.{sys.argv[1]}", f"global.{sys.argv[1]}") if key in found]
print(*ast.literal_eval(values[0]).split() if values else "")' "$1" || true
}
index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$(setting index-url)}}
[ -n "$index" ] && export UV_DEFAULT_INDEX=$index
extra=${UV_INDEX:-${PIP_EXTRA_INDEX_URL:-$(setting extra-index-url)}}
[ -n "$extra" ] && export UV_INDEX=$extra
certificate=${SSL_CERT_FILE:-${PIP_CERT:-$(setting cert)}}
[ -n "$certificate" ] && export SSL_CERT_FILE=$certificate
export VIRTUAL_ENV=$PWD/$venv UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-180} UV_LINK_MODE=${UV_LINK_MODE:-copy}
unset UV_PYTHON || true
"$venv/bin/uv" pip install -q --require-hashes -r "$constraints"
if [ "$with_edgekit" = --with-edgekit ]; then "$venv/bin/uv" pip install -q --no-deps -e .; fi
echo "$wanted" >"$stamp"
