"""The examples of the interface's description: each is asked, in the order of their file.

    python -m tests.examples INDEX

writes anew what they give, with an index of the starter archive.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from qa.api.description import EXAMPLES
from qa.app import create_app
from qa.live import Live


def operations(client: FlaskClient) -> dict[str, tuple[str, str]]:
    """The method and the path of each operation."""
    paths = json.loads(client.get("/openapi.json").data)["paths"]
    return {
        operation["operationId"]: (method, path)
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def asked(client: FlaskClient) -> Iterator[tuple[str, dict[str, Any], TestResponse]]:
    """The name of each example, the example, and what it gives now."""
    found = operations(client)
    for name, example in json.loads(EXAMPLES.read_bytes()).items():
        method, path = found[name]
        given = dict(example.get("given", {}))
        for place in [place for place in given if f"{{{place}}}" in path]:
            path = path.replace(f"{{{place}}}", str(given.pop(place)))
        query = {key: str(value).lower() if isinstance(value, bool) else value for key, value in given.items()}
        yield name, example, client.open(path, method=method, query_string=query, json=example.get("body"))


def content(response: TestResponse) -> Any:
    """What a response says."""
    return json.loads(response.data) if response.is_json else response.text


def write(index: Path) -> None:
    """Writes what the examples give."""
    with TemporaryDirectory() as folder:
        client = create_app(Live(index), feedback=Path(folder) / "feedback.sqlite").test_client()
        written = {
            name: {**example, "status": response.status_code, "response": content(response)}
            for name, example, response in asked(client)
        }
    EXAMPLES.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
