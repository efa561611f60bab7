"""What can go wrong when a service is asked.

Error                       no answer came; request_id is what the service's log calls the request
├── Unreachable             the service could not be reached, or gave no answer in time
├── UnexpectedResponse      what answers is not this interface: another program, or a proxy's page
└── ServiceProblem          the service says what is wrong: status, title, detail, errors (RFC 9457)
    ├── InvalidRequest      what was asked can't be
    └── NotFound            there is no article, or nothing else, of that name
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from qa.shapes import FieldError


class Error(Exception):
    """No answer came. ``request_id`` is what the service's log calls the request."""

    def __init__(self, message: str, request_id: str) -> None:
        super().__init__(message, request_id)
        self.request_id = request_id

    def __str__(self) -> str:
        """The message."""
        return str(self.args[0])


class Unreachable(Error):
    """The service could not be reached, or gave no answer in time; ``__cause__`` is what httpx says of it."""


class UnexpectedResponse(Error):
    """What answers is not this interface: another program, a proxy's page, or a field that is not as it should be."""


class ServiceProblem(Error):
    """The service says what is wrong, as RFC 9457 has it: ``status`` is that of HTTP, ``detail`` says what to change,
    and ``errors`` the same by field, where there is one."""

    def __init__(self, status: int, title: str, detail: str, errors: tuple[FieldError, ...], request_id: str) -> None:
        super().__init__(title, request_id)
        self.args = (status, title, detail, errors, request_id)  # from which it is made again, in another process
        self.status, self.title, self.detail, self.errors = status, title, detail, errors

    def __str__(self) -> str:
        """The status, and what to change."""
        return f"{self.status} {self.title}: {self.detail}" if self.detail else f"{self.status} {self.title}"


class InvalidRequest(ServiceProblem):
    """What was asked can't be: a field is missing, unknown, out of range or too long."""


class NotFound(ServiceProblem):
    """There is no article, or nothing else, of that name."""


BY_STATUS: Mapping[int, type[ServiceProblem]] = {
    HTTPStatus.BAD_REQUEST: InvalidRequest,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: InvalidRequest,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: InvalidRequest,
    HTTPStatus.UNPROCESSABLE_ENTITY: InvalidRequest,
}
"""The error for a status; for all others it is ``ServiceProblem`` itself."""
