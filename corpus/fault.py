"""Errors that nobody expected, which end the reading of one file and nothing else."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

_CODE = Path(__file__).parent.parent


def fault(error: BaseException) -> str:
    """Where an error was raised in reading; not the error itself, which may be of any kind and length."""
    frames = [
        (os.path.relpath(frame.filename, _CODE), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)
    ]
    path, line = [frame for frame in frames if frame[0].startswith(("corpus", "index"))][-1]
    return (
        f"reading it failed ({path}, line {line}), which is a fault of Ibidem; save it in another format, and report it"
    )
