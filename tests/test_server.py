"""The service as it is run: how it starts and ends, what it loads, and builds while it answers."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from index.generation import CURRENT_FILE, MANIFEST_FILE, current_generation, generation_folder
from tests.conftest import ARTICLES, IBIDEM, Serve, Service, run_service, write_articles

HEAVY = ("torch", "transformers", "sentence_transformers", "onnx", "onnxscript", "pandas", "scipy", "sklearn")
ASK = "/v1/ask?question=Who+signed+the+agreement"


@pytest.fixture(scope="module")
def answering(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("service"), index) as service:
        yield service


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*IBIDEM, *arguments], capture_output=True, text=True, timeout=60)


def assert_one_line(result: subprocess.CompletedProcess[str], exit_code: int, says: str) -> None:
    assert result.returncode == exit_code, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("ibidem: ")
    assert result.stderr.count("\n") == 1
    assert says in result.stderr


def nothing(index: Path) -> str:
    shutil.rmtree(index)
    return "ibidem build"


def empty(index: Path) -> str:
    (index / CURRENT_FILE).unlink()
    return "ibidem build"


def other_format(index: Path) -> str:
    path = generation_folder(index, current_generation(index)) / MANIFEST_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 999}))
    return "format 999"


def damaged_file(index: Path) -> str:
    path = generation_folder(index, current_generation(index)) / "texts.sqlite"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    return "texts.sqlite"


def lost_file(index: Path) -> str:
    (generation_folder(index, current_generation(index)) / "sentences.faiss").unlink()
    return "sentences.faiss"


def lost_generation(index: Path) -> str:
    (index / CURRENT_FILE).write_text("20200101T000000Z-000000\n")
    return "20200101T000000Z-000000"


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("spoil", [nothing, empty, other_format, damaged_file, lost_file, lost_generation])
def test_an_index_that_can_not_be_served_is_one_line_and_exit_code_3(
    spoil: Callable[[Path], str], new_index: Path
) -> None:
    says = spoil(new_index)
    assert_one_line(run("serve", "--index", str(new_index), "--port", "0"), 3, says)


@pytest.mark.usefixtures("alone")
def test_a_port_that_is_taken_is_one_line_and_exit_code_3(index: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_line(run("serve", "--index", str(index), "--port", port), 3, f"port {port}")


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("option", "value", "exit_code"),
    [("--host", "256.1.1.1", 3), ("--port", "65536", 2), ("--workers", "0", 2), ("--threads", "0", 2)],
)
def test_an_option_that_is_wrong_is_one_line(option: str, value: str, exit_code: int, index: Path) -> None:
    assert_one_line(run("serve", "--index", str(index), option, value), exit_code, option.strip("-"))


@pytest.mark.parametrize(
    ("end", "workers"), [(signal.SIGTERM, "1"), (signal.SIGTERM, "2"), (signal.SIGINT, "1")], ids=str
)
def test_a_signal_ends_it_at_once_with_exit_code_0_and_nothing_left(
    end: signal.Signals, workers: str, serve: Serve, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    service = serve(index, "--workers", workers)
    kept_open = http.client.HTTPConnection(urlsplit(service.address).netloc, timeout=20)
    kept_open.request("GET", ASK)
    with kept_open.getresponse() as response:
        assert response.status == 200
        response.read()
    start = time.monotonic()
    service.process.send_signal(end)
    assert service.process.wait(10) == 0
    assert time.monotonic() - start < 5
    kept_open.close()
    assert service.process.stdout
    assert service.process.stdout.read() == ""
    assert "Traceback" not in service.log.read_text()
    assert list(temporary.iterdir()) == []


def children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="/proc shows what a process has loaded")
def test_a_worker_has_loaded_no_torch(serve: Serve, index: Path) -> None:
    service = serve(index)
    assert service.get(ASK)[0] == 200
    (worker,) = children(service.process.pid)
    loaded = Path(f"/proc/{worker}/maps").read_text()
    assert "onnxruntime" in loaded
    assert "torch" not in loaded
    assert "sklearn" not in loaded


def test_answering_imports_nothing_that_is_only_for_building(index: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from qa.app import create_app
        from qa.live import Live
        from qa.server import Server, serve
        client = create_app(Live(Path(sys.argv[1]))).test_client()
        assert client.get(sys.argv[2]).status_code == 200
        assert client.get("/").status_code == client.get("/metrics").status_code == 200
        assert client.get("/openapi.json").status_code == 200
        print(*{name.partition(".")[0] for name in sys.modules})
    """
    result = subprocess.run([sys.executable, "-c", code, str(index), ASK], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
    imported = set(result.stdout.split())
    assert {"faiss", "onnxruntime", "tantivy", "flask"} <= imported
    assert imported & set(HEAVY) == set()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="/proc shows the children of a process")
def test_a_worker_that_dies_is_replaced(serve: Serve, index: Path) -> None:
    service = serve(index)
    assert service.get(ASK)[0] == 200
    (worker,) = children(service.process.pid)
    os.kill(worker, signal.SIGKILL)
    assert service.get(ASK)[0] == 200  # waits in the socket's queue for the new one
    assert children(service.process.pid) != [worker]


def requests_counted(service: Service, route: str) -> float:
    status, body = service.get("/metrics")
    assert status == 200
    return sum(
        sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
        if sample.name == "ibidem_requests_total" and sample.labels["route"] == route
    )


def test_the_metrics_of_two_workers_are_added_up(
    serve: Serve, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    service = serve(index, "--workers", "2")
    asked = 0
    # The first worker may answer a good many before the second is up.
    for _ in range(40):
        with ThreadPoolExecutor(16) as pool:
            assert [status for status, _ in pool.map(service.get, [ASK] * 40)] == [200] * 40
        asked += 40
        counters = list(tmp_path.glob("ibidem-metrics-*/counter_*.db"))
        if len(counters) == 2:
            break
    assert len(counters) == 2
    assert [requests_counted(service, "/v1/ask") for _ in range(6)] == [asked] * 6


def test_a_build_while_serving_fails_no_request_and_is_answered_within_two_seconds(
    serve: Serve, new_index: Path, tmp_path: Path
) -> None:
    service = serve(new_index)
    before = service.json(ASK)["generation"]
    fact = "The lighthouse of Vellamo was painted orange by Aino Kettunen in 1931."
    write_articles(tmp_path / "added", {"vellamo.md": f"# A lighthouse\n\n{fact}\n"})
    stop = threading.Event()
    statuses: list[int] = []

    def ask() -> None:
        while not stop.is_set():
            statuses.append(service.get(ASK)[0])

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        command = ["build", "--json", "--index", str(new_index), "--articles", str(ARTICLES)]
        built = run(*command, "--articles", str(tmp_path / "added"))
        end = time.monotonic() + 2
        assert built.returncode == 0, built.stderr
        found = service.json("/v1/ask?question=Who+painted+the+lighthouse+of+Vellamo&top_k=1")
        while fact not in found["passages"][0]["text"]:
            assert time.monotonic() < end
            found = service.json("/v1/ask?question=Who+painted+the+lighthouse+of+Vellamo&top_k=1")
    finally:
        stop.set()
        asking.join()
    report = json.loads(built.stdout)
    assert found["generation"] == report["generation"] != before
    assert {key: report[key] for key in ("articles", "unchanged", "new", "changed", "removed")} == {
        "articles": 21,
        "unchanged": 20,
        "new": 1,
        "changed": 0,
        "removed": 0,
    }
    assert 1 <= report["embedded"] <= 4  # one passage, and its sentences
    assert len(statuses) > 20
    assert set(statuses) == {200}


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        ("GET /v1/ask?question=" + "secret" * 2000 + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "ask with POST"),
        ("GET /v1/ask?question=secret matter HTTP/1.1\r\nHost: a\r\n\r\n", 400, "no HTTP request"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: " + "secret" * 2000 + "\r\n\r\n", 431, "headers"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: secret\r\n folded\r\n\r\n", 400, "no HTTP request"),
        ("secret\r\n\r\n", 400, "no HTTP request"),
        ("POST /v1/ask HTTP/1.1\r\nHost: a\r\nContent-Length: secret\r\n\r\n", 400, "no HTTP request"),
    ],
    ids=["long address", "space", "long header", "folded header", "nonsense", "length"],
)
def test_what_is_no_request_is_a_problem_too_and_leaves_nothing_of_it_in_the_log(
    answering: Service, sent: str, status: int, says: str
) -> None:
    host, port = str(urlsplit(answering.address).hostname), urlsplit(answering.address).port
    with socket.create_connection((host, port or 0), timeout=10) as connection:
        connection.sendall(sent.encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        problem = json.loads(response.read())
        assert (response.status, response.getheader("Content-Type")) == (status, "application/problem+json")
    assert (problem["status"], problem["request_id"]) == (status, response.getheader("X-Request-ID"))
    assert says in problem["detail"]
    log = answering.log.read_text()
    assert f"[{problem['request_id']}] refused with {status}" in log
    assert "secret" not in log
    assert answering.get("/healthz")[0] == 200


def test_the_log_says_which_generation_is_served_and_why_not_a_newer_one(serve: Serve, new_index: Path) -> None:
    service = serve(new_index)
    generation = service.json("/readyz")["generation"]
    new = new_index / "new"
    new.write_text("20200101T000000Z-000000\n")
    new.replace(new_index / CURRENT_FILE)
    end = time.monotonic() + 5
    while service.json("/readyz")["problem"] is None:
        assert time.monotonic() < end
        time.sleep(0.05)
    (line,) = [line for line in service.log.read_text().splitlines() if " INFO " not in line]
    assert f"ERROR still serving generation {generation}: there is no generation 20200101T000000Z-000000" in line
    assert service.json(ASK)["generation"] == generation
