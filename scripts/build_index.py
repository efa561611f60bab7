"""``ibidem build`` under another name; runs from any folder."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV_PYTHON = ROOT / ".venv" / "bin" / "python"

try:
    from qa.cli_building import build
except ModuleNotFoundError as error:
    # Started with a Python that Ibidem isn't installed for: go on with the one that scripts/serve set up.
    if not VENV_PYTHON.exists() or Path(sys.executable) == VENV_PYTHON:
        sys.exit(f"ibidem: {error.name} is not installed: run {ROOT / 'scripts' / 'serve'} once")
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), __file__, *sys.argv[1:]])

if __name__ == "__main__":
    build(prog_name="build_index.py")
