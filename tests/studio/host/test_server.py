"""The host: what it answers, that only this machine reaches it, and how it ends."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator

import pytest
from tests.studio.hosting import Desk, Host, Shelf, hosted

from layerwise.foundation.checks import InvalidType, InvalidValue
from layerwise.studio.host import app, server


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def host(shelf: Shelf, desk: Desk) -> Iterator[Host]:
    with hosted(shelf, desk) as running:
        yield running


def test_the_page_comes_with_its_scripts_and_styles(host: Host) -> None:
    page = host.ask("GET", "/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for name in re.findall(r'(?:src|href)="(?:/?static/)([^"]+)"', page.body.decode()):
        found = host.ask("GET", f"/static/{name}")
        assert found.status == 200, name
        assert found.headers["Content-Type"].startswith(app.TYPES["." + name.split(".")[-1]])


def test_the_manifest_is_sent_again_only_when_it_has_changed(host: Host, shelf: Shelf) -> None:
    first = host.ask("GET", "/manifest.json")
    assert json.loads(first.body) == shelf.known
    assert first.headers["Content-Type"] == "application/json"
    tag = first.headers["ETag"]
    again = host.ask("GET", "/manifest.json", If_None_Match=tag)
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    shelf.known = {**shelf.known, "runs": [1]}
    changed = host.ask("GET", "/manifest.json", If_None_Match=tag)
    assert changed.status == 200
    assert json.loads(changed.body)["runs"] == [1]


def test_files_are_sent_by_name(host: Host) -> None:
    found = host.ask("GET", "/data/r0/act/1@5/7")
    assert (found.body, found.headers["Content-Length"]) == (b"\0\1\2", "3")
    missing = host.ask("GET", "/data/r0/act/1@5/8")
    assert (missing.status, missing.body) == (404, b"no file 'r0/act/1@5/8'")


def test_jobs_are_listed_started_and_cancelled(host: Host, desk: Desk) -> None:
    assert json.loads(host.ask("GET", "/jobs").body) == [{"id": 1, "state": "waiting"}]
    body = {"kind": "project", "run": 0}
    assert json.loads(host.post("/jobs", body).body) == {"id": 1}
    assert desk.started == [body]
    assert host.post("/jobs/7/cancel", {}).status == 200
    assert desk.cancelled == [7]
    for number in ("x", "-1", "7.0", "9" * 5000):
        assert host.post(f"/jobs/{number}/cancel", {}).status == 404


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_a_body_that_is_no_json_is_one_sentence(body: bytes, host: Host) -> None:
    answer = host.ask(
        "POST", "/jobs", body, Content_Type="application/json",
        Origin=f"http://127.0.0.1:{host.port}",
    )  # fmt: skip
    assert (answer.status, answer.body) == (400, b"The question must be JSON.")


def test_errors_are_sentences_and_a_defect_does_not_end_the_server(
    host: Host, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = host.post("/ask/gossip", {})
    assert unknown.status == 404
    assert b"no question 'gossip' in the studio" in unknown.body
    wrong = host.post("/ask/contrast", [])
    assert wrong.status == 400
    assert wrong.body == b"contrast: the question must be an object; got list."
    shelf.known["odd"] = {1, 2}  # no JSON
    defect = host.ask("GET", "/manifest.json")
    assert defect.status == 500
    assert defect.body.startswith(b"TypeError: ")
    assert "/manifest.json: TypeError" in caplog.text
    assert host.ask("GET", "/jobs").status == 200


def test_names_that_utf8_cannot_hold_are_told_all_the_same(
    host: Host, shelf: Shelf, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "list", lambda: [{"title": "PCA of \ud800"}])
    assert json.loads(host.ask("GET", "/jobs").body) == [{"title": "PCA of \ud800"}]

    def refuse(body: object) -> int:
        raise InvalidValue("no layer '\ud800'" + 10**6 * "x")

    monkeypatch.setattr(desk, "start", refuse)
    answer = host.post("/jobs", {})
    assert (answer.status, answer.body[:17]) == (400, b"no layer '\\ud800'")
    assert len(answer.body) < 3000


def test_others_are_answered_while_one_waits(host: Host, shelf: Shelf) -> None:
    asked, released = threading.Event(), threading.Event()

    def slow(name: str) -> bytes:
        asked.set()
        released.wait(10)
        return b"late"

    shelf.bytes = slow  # type: ignore[method-assign]
    late: list[bytes] = []
    thread = threading.Thread(target=lambda: late.append(host.ask("GET", "/data/x").body))
    thread.start()
    assert asked.wait(10)
    assert host.ask("GET", "/jobs").status == 200
    assert not late
    released.set()
    thread.join()
    assert late == [b"late"]


def test_a_taken_port_and_no_port_and_no_interface_are_one_sentence() -> None:
    with server.listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidValue, match=rf"cannot listen on port {port} of '127.0.0.1'"):
            server.listening("127.0.0.1", port)
    for wrong in (-1, 65536):
        with pytest.raises(InvalidValue, match="port must be an integer in"):
            server.listening("127.0.0.1", wrong)
    with pytest.raises(InvalidType, match="port must be an integer"):
        server.listening("127.0.0.1", "80")  # type: ignore[arg-type]
    for name in ("256.0.0.1", "x" * 70 + ".example"):
        with pytest.raises(InvalidValue, match="cannot listen"):
            server.listening(name, 0)


@pytest.mark.parametrize("token", ["", "short", "x" * 31, "x" * 40 + ";", "ü" * 40])
def test_a_token_that_can_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(InvalidValue, match="token must be 32 or more"):
        server.serve([], token=token)
