"""A host for tests: the real server on a loopback port, asked by raw sockets.

Clients of HTTP tidy up what they send; whoever attacks does not.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from layerwise.foundation.checks import NotFound
from layerwise.studio.host import server
from layerwise.studio.host.app import app

TOKEN = "t0ken-" + 40 * "x"


class Shelf:
    """Stands for the contents: one file, and a manifest that can grow."""

    def __init__(self) -> None:
        self.runs: list[Any] = []
        self.known: dict[str, Any] = {
            "format": "layerwise studio",
            "runs": [],
            "name": "Größe \ud800",
        }

    def manifest(self) -> dict[str, Any]:
        return self.known

    def bytes(self, name: str) -> bytes:
        if name != "r0/act/1@5/7":
            raise NotFound(f"no file {name!r}")
        return b"\0\1\2"

    def media_type(self, name: str) -> str:
        return "application/octet-stream"


class Desk:
    """Stands for the jobs: it notes what it is asked."""

    def __init__(self) -> None:
        self.started: list[object] = []
        self.cancelled: list[int] = []

    def start(self, body: object) -> int:
        self.started.append(body)
        return len(self.started)

    def list(self) -> list[dict[str, Any]]:
        return [{"id": 1, "state": "waiting"}]

    def cancel(self, id: int) -> None:
        self.cancelled.append(id)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass
class Host:
    """A running server: its port, and requests as its own page sends them."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.headers = {
            "Host": f"127.0.0.1:{self.port}", "Cookie": f"layerwise-{self.port}={TOKEN}",
        }  # fmt: skip

    def ask(self, method: str, target: str, body: bytes = b"", **changes: str | None) -> Answer:
        """Send a request; headers by name with ``_`` for ``-``, None to leave one out."""
        given = {name.replace("_", "-"): value for name, value in changes.items()}
        merged = {**self.headers, **given}
        if body or method == "POST":
            merged = {**merged, "Content-Length": str(len(body)), **given}
        lines = [f"{name}: {value}" for name, value in merged.items() if value is not None]
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""])
        return self.send(head.encode("latin-1") + body, method)

    def post(self, target: str, body: object, **changes: str | None) -> Answer:
        """Ask as the page does."""
        usual = {
            "Origin": f"http://127.0.0.1:{self.port}", "Content_Type": "application/json",
            "Sec_Fetch_Site": "same-origin",
        }  # fmt: skip
        return self.ask("POST", target, json.dumps(body).encode(), **{**usual, **changes})

    def send(self, message: bytes, method: str = "GET") -> Answer:
        """Send any bytes and read one answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(message)
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            return Answer(response.status, response.headers, response.read())


@contextmanager
def hosted(
    contents: Any, jobs: Any, hosts: tuple[str, ...] = (), ask: Any = None
) -> Iterator[Host]:
    """Run the server in a thread."""
    with server.listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        application = app(contents, jobs, token=TOKEN, port=port, hosts=hosts, ask=ask)
        running = server.server_of(application)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Host(port)
        finally:
            running.should_exit = True
            thread.join()
