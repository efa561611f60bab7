# Sourced by the scripts beside it: makes sure that .venv has what pyproject.toml asks for.
# When nothing changed since the last time, it only compares a checksum.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

set_up() {
  local stamp="$root/.venv/installed" wanted
  wanted=$(cksum < "$root/pyproject.toml")
  [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
  (
    flock 9  # two at once: the second waits, and finds everything done
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit
    echo "Setting up $root/.venv (once; see the README for what is downloaded)" >&2
    "${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
      { echo "Ibidem needs Python 3.11 or later: set PYTHON to one" >&2; exit 3; }
    [ -x "$root/.venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$root/.venv"
    "$root/.venv/bin/python" -m pip install -qq --disable-pip-version-check \
      torch==2.13.0 --editable "$root[test]" >&2
    echo "$wanted" > "$stamp"
  ) 9> "$root/.setup.lock"
}
