"""Encoders that an index has exported: how exporting one can end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from threading import Thread

import pytest

from corpus.errors import EncoderUnavailable
from index import encoders, model
from index.model import PACKAGED_MODEL


def kill_the_export() -> None:
    """Ends the process that exports, once it is there."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for task in Path("/proc/self/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                command = Path("/proc", child, "cmdline").read_bytes().replace(b"\0", b" ")
                if b"spawn_main" in command:
                    os.kill(int(child), signal.SIGKILL)
                    return
        time.sleep(0.05)


def test_an_export_that_is_killed_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    source = model.locate(PACKAGED_MODEL)
    killer = Thread(target=kill_the_export)
    killer.start()
    with pytest.raises(EncoderUnavailable, match="was ended from outside"):
        encoders.bring(tmp_path, PACKAGED_MODEL, source, "identity", tmp_path / "target")
    killer.join()
    assert [*(tmp_path / encoders.FOLDER).iterdir()] == []
