"""Requests to one service: sent, sent again where that is safe, and read into the dataclasses that they should give."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from ibidem.errors import BY_STATUS, ServiceProblem, UnexpectedResponse, Unreachable
from qa.shapes import FieldError

PROBLEM_TYPE = "application/problem+json"
REQUEST_ID = "X-Request-ID"

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
"""Seconds before a request is sent again: at first, doubled each time; and at most, whatever the service asks for."""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
_CUT_OFF = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)

Parameters = Mapping[str, str | int | Sequence[str]]
Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class _Said:
    """What is read of a problem; a proxy's page has none of it."""

    title: str = ""
    detail: str = ""
    errors: tuple[FieldError, ...] = ()


class Connection:
    """Requests to the service at ``address``, each with an id that ``request_id`` gives; all raise an ``ibidem.Error``.

    One that never got there is sent again, up to ``retries`` times. So is one that changes nothing if the connection
    broke or the service said 503. One that takes too long is not: the service may still be at it.
    """

    def __init__(self, http: httpx.Client, address: str, retries: int, request_id: Callable[[], str]) -> None:
        url = _url(address)
        self.address = str(url.copy_with(userinfo=b"")).rstrip("/")
        self._base, self._http = str(url).rstrip("/"), http
        self._retries, self._request_id = retries, request_id

    def get(self, path: str, shape: type[Shape], parameters: Parameters | None = None) -> Shape:
        """What is at a path."""
        return _read(self._send("GET", path, params=parameters), shape)

    def post(self, path: str, shape: type[Shape], body: bytes, changes: bool = False) -> Shape:
        """What a path gives for a body of JSON; ``changes`` says that it must not happen twice."""
        headers = {"Content-Type": "application/json"}
        return _read(self._send("POST", path, changes, content=body, headers=headers), shape)

    def _send(self, method: str, path: str, changes: bool = False, **parts: Any) -> httpx.Response:
        """The response to a request, which is a success."""
        request = self._http.build_request(method, self._base + path, **parts)
        request.headers.setdefault(REQUEST_ID, self._request_id())
        response = self._attempt(request, changes)
        if response.is_error:
            raise _problem(response)
        if not response.is_success:
            raise _unexpected(response, f"it leads to {response.headers.get('Location')}; give that address")
        return response

    def _attempt(self, request: httpx.Request, changes: bool) -> httpx.Response:
        """The response to a request, of any status, after as many attempts as may be."""
        again = _NOT_SENT if changes else (*_NOT_SENT, *_CUT_OFF)
        attempt = 0
        while True:
            wait = 0.0
            try:
                response = self._http.send(request)
                if changes or response.status_code != HTTPStatus.SERVICE_UNAVAILABLE or attempt == self._retries:
                    return response
                wait = _wait(response)
            except httpx.RequestError as error:
                if not isinstance(error, again) or attempt == self._retries:
                    raise _unreachable(request, error) from error
            time.sleep(min(max(FIRST_WAIT * 2**attempt, wait), LONGEST_WAIT))
            attempt += 1


def _url(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise ValueError(f"{address!r} is not an address: {error}") from None
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise ValueError(f"{address!r} is not the address of a service: give one like http://127.0.0.1:8080")
    return url


def _read(response: httpx.Response, shape: type[Shape]) -> Shape:
    """The body as the dataclass that it should give; fields that this version doesn't know are left out."""
    kind: Any = shape
    try:
        found: Shape = _adapter(kind).validate_json(response.content, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _unexpected(response, f"{place}: {first['msg']}" if place else first["msg"]) from error
    return found


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _wait(response: httpx.Response) -> float:
    """The seconds that the service asks to wait; 0 if it asks for none, or names a time."""
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() else 0.0


def _unreachable(request: httpx.Request, error: httpx.RequestError) -> Unreachable:
    reason = "it took too long" if isinstance(error, httpx.TimeoutException) else str(error) or type(error).__name__
    return Unreachable(f"no answer from {_place(request)}: {reason}", request.headers[REQUEST_ID])


def _unexpected(response: httpx.Response, reason: str) -> UnexpectedResponse:
    message = f"what {_place(response.request)} gives is not what Ibidem does: {reason}"
    return UnexpectedResponse(message, _request_id(response))


def _problem(response: httpx.Response) -> ServiceProblem:
    kind = BY_STATUS.get(response.status_code, ServiceProblem)
    said = _said(response)
    title = said.title or response.reason_phrase
    return kind(response.status_code, title, said.detail, said.errors, _request_id(response))


def _said(response: httpx.Response) -> _Said:
    try:
        found: _Said = _adapter(_Said).validate_json(response.content)
    except ValidationError:
        return _Said()
    return found


def _request_id(response: httpx.Response) -> str:
    """The id in the service's log, which is its own if it did not take the one that was sent."""
    return str(response.headers.get(REQUEST_ID, response.request.headers[REQUEST_ID]))


def _place(request: httpx.Request) -> str:
    """The address without what was asked there, and without a password."""
    return f"{request.url.scheme}://{request.url.netloc.decode()}{request.url.path}"
