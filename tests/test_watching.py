"""A build that stays notices what changes in the archive, outlives what is wrong, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from index.generation import current_generation
from tests.conftest import IBIDEM, write_articles


def test_an_index_follows_its_archive(new_index: Path, alone: Path) -> None:
    archive, log = alone / "archive", alone / "log"
    write_articles(archive, {"a.md": "# Boats\n\nBoats float on water.\n"})
    command = [*IBIDEM, "build", "--watch", "--articles", str(archive), "--index", str(new_index)]
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            cwd=alone,
            start_new_session=True,
            # What runs in the background has it ignored, and hands that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process,
    ):
        try:
            follow(process, archive, new_index, log)
        finally:
            process.kill()


def follow(process: subprocess.Popen[bytes], archive: Path, index: Path, log: Path) -> None:
    def built(count: int, seconds: float) -> None:
        """Waits until so many builds were done."""
        until(lambda: log.read_text().count("watching for changes") >= count, seconds, log)

    built(1, 60)
    first = current_generation(index)
    assert f"generation {first} is current" in log.read_text()

    write_articles(archive, {"in/b.md": "# Clouds\n\nClouds are made of drops.\n"})
    built(2, 30)
    second = current_generation(index)
    assert second != first
    assert "2 articles (1 unchanged, 1 new, 0 changed)" in log.read_text()

    write_articles(archive, {".hidden.md": "# Hidden\n", "b.md~": "# Backup\n"})
    time.sleep(3)
    assert log.read_text().count("watching for changes") == 2

    (archive / "a.md").rename(archive / ".a.md")
    (archive / "in" / "b.md").unlink()
    built(3, 30)
    assert "ibidem: there are no articles" in log.read_text()
    assert "Traceback" not in log.read_text()
    assert current_generation(index) == second

    (archive / ".a.md").rename(archive / "a.md")
    write_articles(archive, {"odd.xyz": "Not read.\n"})
    built(4, 30)
    assert "1 articles (1 unchanged, 0 new, 0 changed), 1 removed" in log.read_text()

    write_articles(archive, {"c.md": "# Rain\n\nRain falls from clouds.\n"})
    built(5, 30)
    assert log.read_text().count("0 removed, 1 rejected") == 1
    assert log.read_text().count(f"rejected {archive / 'odd.xyz'}: ") == 1

    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) == 130
    assert "Traceback" not in log.read_text()


def until(holds: Callable[[], bool], seconds: float, log: Path) -> None:
    """Waits until something holds, which has to be before so much time has gone by."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def test_a_folder_that_is_missing_is_told_in_a_line(new_index: Path, alone: Path) -> None:
    command = [*IBIDEM, "build", "--watch", "--articles", str(alone / "nowhere"), "--index", str(new_index)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 3
    assert "nowhere" in found.stderr
    assert "Traceback" not in found.stderr
