"""How the client bears what can go wrong on the way: services that are away, slow, busy, broken, or something else."""

from __future__ import annotations

import json
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient

import ibidem
from ibidem.batches import Limits, Part, batches
from ibidem.connection import FIRST_WAIT

READY = b'{"status": "ready", "generation": "g", "problem": null}'
Respond = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """A service of our own that gives one response after the other; the last one again and again."""

    def __init__(self, *responses: Respond) -> None:
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.times: list[float] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                site.seen.append((self.command, self.path, dict(self.headers)))
                site.times.append(time.monotonic())
                responses[min(len(site.seen), len(responses)) - 1](self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"


def say(status: int, body: bytes = READY, **headers: str) -> Respond:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content_type": "application/json", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def hang_up_in_the_middle(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    handler.close_connection = True


def sleep(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(0.5)
    hang_up(handler)


@contextmanager
def site(*responses: Respond) -> Iterator[Site]:
    found = Site(*responses)
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        found.server.shutdown()
        found.server.server_close()
        thread.join()


@contextmanager
def talk(*responses: Respond) -> Iterator[tuple[Site, ibidem.Client]]:
    """A service of our own, and a client of it."""
    with site(*responses) as found, ibidem.Client(found.address) as client:
        yield found, client


def problem(status: int, **members: Any) -> Respond:
    said = {"type": "about:blank", "title": "T", "status": status, "detail": "d", "errors": [], **members}
    return say(status, json.dumps(said).encode(), content_type="application/problem+json")


# What the service says


def test_a_problem_says_what_to_change() -> None:
    errors = [{"field": "top_k", "message": "too many"}]
    with site(problem(422, title="Unprocessable", detail="top_k: too many", errors=errors)) as found:
        client = ibidem.Client(found.address)
        with client, pytest.raises(ibidem.InvalidRequest) as caught:
            client.ask("Who?")
    error = caught.value
    assert (error.status, error.title, error.detail) == (422, "Unprocessable", "top_k: too many")
    assert error.errors == (ibidem.FieldError("top_k", "too many"),)
    assert str(error) == "422 Unprocessable: top_k: too many"
    assert isinstance(error, ibidem.ServiceProblem)
    assert isinstance(error, ibidem.Error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ibidem.InvalidRequest),
        (401, ibidem.ServiceProblem),
        (404, ibidem.NotFound),
        (413, ibidem.InvalidRequest),
        (415, ibidem.InvalidRequest),
        (422, ibidem.InvalidRequest),
        (429, ibidem.ServiceProblem),
        (500, ibidem.ServiceProblem),
        (502, ibidem.ServiceProblem),
    ],
)
def test_each_status_has_its_error_and_is_not_tried_again(status: int, kind: type[ibidem.ServiceProblem]) -> None:
    with talk(problem(status)) as (found, client):
        with pytest.raises(ibidem.ServiceProblem) as caught:
            client.readiness()
        assert (type(caught.value), caught.value.status, caught.value.detail) == (kind, status, "d")
        assert len(found.seen) == 1


@pytest.mark.parametrize("body", [b"<h1>Bad Gateway</h1>", b"", b"\xff", b"[]", b'{"title": 5}', b'{"errors": [5]}'])
def test_a_proxys_page_is_a_problem_too(body: bytes) -> None:
    with talk(say(502, body, content_type="text/html")) as (_found, client):
        with pytest.raises(ibidem.ServiceProblem, match=r"^502 Bad Gateway$") as caught:
            client.readiness()
        assert (caught.value.detail, caught.value.errors) == ("", ())


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<h1>Welcome to nginx</h1>", "JSON"),
        (b"", "JSON"),
        (b"[]", "object"),
        (b'{"status": "ready", "generation": "g"}', "problem"),
        (b'{"status": "ready", "generation": 5, "problem": null}', "generation"),
        (b'{"status": "ready", "generation": null, "problem": null}', "generation"),
    ],
)
def test_what_is_not_ibidem_is_an_error(body: bytes, what: str) -> None:
    with talk(say(200, body)) as (found, client):
        with pytest.raises(ibidem.UnexpectedResponse, match=what) as caught:
            client.readiness()
        assert f"{found.address}/readyz" in str(caught.value)
        assert caught.value.__cause__


def test_where_a_redirect_leads_is_said() -> None:
    redirect = say(301, b"", Location="https://archive.example/readyz")
    with talk(redirect) as (_, client), pytest.raises(ibidem.UnexpectedResponse) as caught:
        client.readiness()
    assert "https://archive.example/readyz" in str(caught.value)


def test_fields_of_a_newer_service_are_left_out() -> None:
    newer = {**json.loads(READY), "more": {"of": ["this"]}}
    with talk(say(200, json.dumps(newer).encode())) as (_found, client):
        assert client.readiness() == ibidem.Readiness("ready", "g", None)


def more_everywhere(value: Any) -> Any:
    """The value with a further field in every object, but for those whose names are data."""
    if isinstance(value, dict):
        names = {"provenance"} & value.keys()
        kept = {name: {key: more_everywhere(one) for key, one in value[name].items()} for name in names}
        return {**{key: more_everywhere(one) for key, one in value.items()}, **kept, "zz": [1]}
    return [more_everywhere(one) for one in value] if isinstance(value, list) else value


def test_an_answer_of_a_newer_service_is_read(client: FlaskClient) -> None:
    answer = client.get("/v1/ask?question=Who+commanded+Ax-4").json
    assert answer is not None
    both = [json.dumps(one).encode() for one in (answer, more_everywhere(answer))]
    with talk(say(200, both[0]), say(200, both[1])) as (_, ours):
        assert ours.ask("Who?") == ours.ask("Who?")


def test_an_answer_with_a_field_of_another_type_is_refused(client: FlaskClient) -> None:
    answer = client.get("/v1/ask?question=Who+commanded+Ax-4").json
    assert answer is not None
    answer["passages"][1]["citation"]["start"] = "12"
    with talk(say(200, json.dumps(answer).encode())) as (_, ours), pytest.raises(ibidem.UnexpectedResponse) as caught:
        ours.ask("Who?")
    assert "passages.1.citation.start" in str(caught.value)


# On the way


def test_a_service_that_is_away_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with ibidem.Client(address, retries=0) as client, pytest.raises(ibidem.Unreachable, match="refused") as caught:
        client.readiness()
    assert isinstance(caught.value.__cause__, httpx.ConnectError)
    assert f"{address}/readyz" in str(caught.value)


def test_one_that_comes_back_in_time_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    late: list[socket.socket] = []

    def come() -> None:
        late.append(socket.create_server(("127.0.0.1", port)))
        connection, _ = late[0].accept()
        connection.recv(65_536)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(READY)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + READY)
        connection.close()

    timer = threading.Timer(FIRST_WAIT / 2, come)
    timer.start()
    with ibidem.Client(f"http://127.0.0.1:{port}") as client:
        assert client.readiness().status == "ready"
    timer.join()
    late[0].close()


@pytest.mark.parametrize("first", [hang_up, hang_up_in_the_middle, say(503, b"")])
def test_what_changes_nothing_is_asked_again(first: Respond) -> None:
    with talk(first, first, say(200)) as (found, client):
        assert client.readiness().status == "ready"
        assert len(found.seen) == 3
        assert len({seen[2]["X-Request-ID"] for seen in found.seen}) == 1
        waits = [later - earlier for earlier, later in zip(found.times, found.times[1:], strict=False)]
        assert waits[0] >= FIRST_WAIT
        assert waits[1] >= 2 * FIRST_WAIT


@pytest.mark.parametrize("first", [hang_up, hang_up_in_the_middle, say(503, b"")])
def test_what_changes_something_is_not(first: Respond) -> None:
    with talk(first, say(200)) as (found, client):
        with pytest.raises(ibidem.Error):
            client.judge("Who?", True)
        assert len(found.seen) == 1


def test_a_service_that_stays_busy_is_asked_so_many_times() -> None:
    with site(problem(503)) as found, ibidem.Client(found.address, retries=1) as client:
        with pytest.raises(ibidem.ServiceProblem, match="503"):
            client.ask("Who?")
        assert len(found.seen) == 2


def test_a_service_may_say_how_long_to_wait() -> None:
    with talk(say(503, b"", Retry_After="1"), say(200)) as (found, client):
        client.readiness()
        assert found.times[1] - found.times[0] >= 1


@pytest.mark.parametrize("wait", ["soon", "-5", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_what_can_not_be_waited_for_is_passed_over(wait: str) -> None:
    with talk(say(503, b"", Retry_After=wait), say(200)) as (found, client):
        client.readiness()
        assert found.times[1] - found.times[0] < 1


def test_a_service_that_takes_too_long_is_not_asked_again() -> None:
    with site(sleep) as found, ibidem.Client(found.address, timeout=0.1) as client:
        with pytest.raises(ibidem.Unreachable, match="too long") as caught:
            client.ask("Who?")
        assert isinstance(caught.value.__cause__, httpx.TimeoutException)
        assert len(found.seen) == 1


# What is sent


def test_a_request_says_who_asks_and_what_it_is_called() -> None:
    names = iter(["first", "second"])
    with site(say(200)) as found, ibidem.Client(found.address, request_id=lambda: next(names)) as client:
        client.readiness()
        client.readiness()
        assert [seen[2]["X-Request-ID"] for seen in found.seen] == ["first", "second"]
        assert found.seen[0][2]["User-Agent"] == f"ibidem/{version('ibidem')}"


def test_each_request_has_an_id_of_its_own_that_errors_name() -> None:
    with talk(say(200), problem(404)) as (found, client):
        client.readiness()
        with pytest.raises(ibidem.NotFound) as caught:
            client.article("none")
        ids = [seen[2]["X-Request-ID"] for seen in found.seen]
        assert len(set(ids)) == 2
        assert caught.value.request_id == ids[1]


def test_the_id_that_the_service_gave_is_named() -> None:
    with talk(say(500, b"", X_Request_ID="theirs")) as (_found, client):
        with pytest.raises(ibidem.ServiceProblem) as caught:
            client.readiness()
        assert caught.value.request_id == "theirs"


def test_a_client_of_httpx_can_be_given_and_stays_open() -> None:
    with site(say(200)) as found, httpx.Client(headers={"Authorization": "Bearer x"}) as http:
        with ibidem.Client(found.address, http=http) as client:
            client.readiness()
        assert found.seen[0][2]["Authorization"] == "Bearer x"
        assert not http.is_closed


def test_a_client_of_its_own_is_closed() -> None:
    with site(say(200)) as found:
        with ibidem.Client(found.address) as client:
            client.readiness()
        with pytest.raises(RuntimeError, match="closed"):
            client.readiness()


def test_a_service_may_be_below_a_path_and_behind_a_password() -> None:
    with site(say(200), problem(404)) as found:
        address = f"{found.address.replace('://', '://name:secret@')}/ibidem/"
        with ibidem.Client(address) as client:
            client.readiness()
            assert client.address == f"{found.address}/ibidem"
            with pytest.raises(ibidem.NotFound) as caught:
                client.article("a")
        assert [seen[1] for seen in found.seen] == ["/ibidem/readyz", "/ibidem/v1/articles/a"]
        assert found.seen[0][2]["Authorization"].startswith("Basic ")
        assert "secret" not in repr(caught.value) + str(caught.value)


NO_ADDRESS = ["", "127.0.0.1:8080", "localhost", "ftp://a.example", "http://", "http://a/?b", "\0"]


@pytest.mark.parametrize("address", NO_ADDRESS)
def test_what_is_no_address_is_refused_at_once(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        ibidem.Client(address)


def test_errors_go_from_one_process_to_another() -> None:
    errors: list[ibidem.Error] = [
        ibidem.Unreachable("no answer", "id"),
        ibidem.InvalidRequest(422, "T", "d", (ibidem.FieldError("f", "m"),), "id"),
    ]
    for error in errors:
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


# Cutting


def parts(*sizes: tuple[int, int]) -> list[Part]:
    return [Part(b"x" * content, weight) for content, weight in sizes]


@pytest.mark.parametrize(
    ("given", "most", "expected"),
    [
        ([], Limits(3, 99, 99), []),
        ([(1, 1)] * 7, Limits(3, 99, 99), [3, 3, 1]),
        ([(9, 0)] * 5, Limits(9, 20, 0), [2, 2, 1]),
        ([(1, 4)] * 5, Limits(9, 99, 10), [2, 2, 1]),
        ([(1, 1), (500, 1), (1, 1)], Limits(9, 99, 99), [1, 1, 1]),
        ([(1, 500), (1, 1)], Limits(9, 99, 99), [1, 1]),
    ],
)
def test_parts_are_cut_within_all_limits(given: list[tuple[int, int]], most: Limits, expected: list[int]) -> None:
    found = [*batches(parts(*given), most)]
    assert [len(batch) for batch in found] == expected
    assert [part for batch in found for part in batch] == parts(*given)
