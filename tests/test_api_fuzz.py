"""The service keeps to its own description, whatever it is sent: Schemathesis, with all of its checks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_service

EXAMPLES = 10
"""So many requests are drawn for each operation, beside those that its schema's borders give."""


def test_the_service_keeps_to_its_description(index: Path, alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBIDEM_FEEDBACK", str(alone / "feedback.sqlite"))
    with run_service(alone, index) as service:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{service.address}/openapi.json"]
        options = [f"--max-examples={EXAMPLES}", "--generation-deterministic", "--checks=all", "--continue-on-failure"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.fuzzing"}
        done = subprocess.run(
            [*command, *options, "--request-timeout=60", "--no-color"],
            cwd=alone,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        operations = re.search(r"Tested: (\d+)", done.stdout)
        assert operations
        assert int(operations[1]) == sum(map(len, service.json("/openapi.json")["paths"].values())) > 15
        log = service.log.read_text()
    assert " ERROR " not in log
    assert "Traceback" not in log
