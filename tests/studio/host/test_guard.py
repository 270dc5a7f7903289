"""Who may ask: every hostile request of the security table is refused, every good one answered.

Contract, against the real server over raw sockets (RELIABILITY: the local server's threats).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.studio.hosting import TOKEN, Desk, Host, Shelf, hosted

from layerwise.studio.host.guard import HEADERS, LIMIT

PAGE = {"Origin": "http://127.0.0.1:{port}", "Content_Type": "application/json"}
GOOD = "/data/r0/act/1@5/7"


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def host(desk: Desk) -> Iterator[Host]:
    with hosted(Shelf(), desk, hosts=("Studio.example.org", "proxy.example.org:8443")) as running:
        yield running


# (what, method, target, status, headers that differ from those of a good request)
REQUESTS = [
    # Good ones
    ("the page's own read", "GET", GOOD, 200, {}),
    ("its head", "HEAD", GOOD, 200, {}),
    ("by the name localhost", "GET", GOOD, 200, {"Host": "LOCALHOST:{port}"}),
    ("by IPv6", "GET", GOOD, 200, {"Host": "[::1]:{port}"}),
    ("by an allowed name", "GET", GOOD, 200, {"Host": "studio.example.org"}),
    ("by an allowed name and our port", "GET", GOOD, 200, {"Host": "studio.example.org:{port}"}),
    ("by an allowed name and its port", "GET", GOOD, 200, {"Host": "proxy.example.org:8443"}),
    ("a read by the page, with origin", "GET", GOOD, 200,
     {"Origin": "http://127.0.0.1:{port}", "Sec_Fetch_Site": "same-origin"}),
    ("an address typed in", "GET", "/jobs", 200, {"Sec_Fetch_Site": "none"}),
    ("a question", "POST", "/jobs", 200, PAGE),
    ("a question with a charset", "POST", "/jobs", 200,
     {**PAGE, "Content_Type": "application/json; charset=utf-8"}),
    ("a question behind a proxy with TLS", "POST", "/jobs", 200,
     {**PAGE, "Host": "studio.example.org", "Origin": "https://studio.example.org"}),
    ("the token", "GET", f"/?token={TOKEN}", 303, {"Cookie": None}),
    # Names that are not ours: DNS rebinding
    ("a rebinding host", "GET", GOOD, 421, {"Host": "evil.example:{port}"}),
    ("our name as a prefix", "GET", GOOD, 421, {"Host": "127.0.0.1.evil.example:{port}"}),
    ("our name as a suffix", "GET", GOOD, 421, {"Host": "evil.localhost:{port}"}),
    ("all interfaces", "GET", GOOD, 421, {"Host": "0.0.0.0:{port}"}),
    ("another port", "GET", GOOD, 421, {"Host": "127.0.0.1:1"}),
    ("no port", "GET", GOOD, 421, {"Host": "127.0.0.1"}),
    ("an allowed name, another port", "GET", GOOD, 421, {"Host": "proxy.example.org:1"}),
    ("user information", "GET", GOOD, 421, {"Host": "127.0.0.1:{port}@evil.example"}),
    ("no host", "GET", GOOD, 400, {"Host": None}),
    # Without the token, or with another
    ("no token", "GET", GOOD, 403, {"Cookie": None}),
    ("no token for the page", "GET", "/", 403, {"Cookie": None}),
    ("a wrong cookie", "GET", GOOD, 403, {"Cookie": "layerwise-{port}=x"}),
    ("a cookie that is no text", "GET", GOOD, 403, {"Cookie": "layerwise-{port}=\xff"}),
    ("the cookie of another studio", "GET", GOOD, 403, {"Cookie": f"layerwise-1={TOKEN}"}),
    ("a wrong token", "GET", "/?token=x", 403, {"Cookie": None}),
    ("an empty token", "GET", "/?token=", 403, {"Cookie": None}),
    ("a token that is no text", "GET", "/?token=%ff%00%ed%a0%80", 403, {"Cookie": None}),
    ("the token elsewhere", "GET", f"{GOOD}?token={TOKEN}", 403, {"Cookie": None}),
    ("the token in a question", "POST", f"/?token={TOKEN}", 403, {**PAGE, "Cookie": None}),
    ("a question without a token", "POST", "/jobs", 403, {**PAGE, "Cookie": None}),
    # Requests that a stranger's page makes the browser send
    ("a read from a stranger's page", "GET", GOOD, 403, {"Origin": "http://evil.example"}),
    ("a stranger's image of it", "GET", GOOD, 403, {"Sec_Fetch_Site": "cross-site"}),
    ("another port of this machine", "GET", GOOD, 403, {"Sec_Fetch_Site": "same-site"}),
    ("the token from a stranger's page", "GET", f"/?token={TOKEN}", 403,
     {"Cookie": None, "Sec_Fetch_Site": "cross-site"}),
    ("a form", "POST", "/jobs", 415,
     {**PAGE, "Content_Type": "application/x-www-form-urlencoded"}),
    ("plain text", "POST", "/jobs", 415, {**PAGE, "Content_Type": "text/plain"}),
    ("a type that only starts like ours", "POST", "/jobs", 415,
     {**PAGE, "Content_Type": "application/jsonp"}),
    ("no type", "POST", "/jobs", 415, {**PAGE, "Content_Type": None}),
    ("a sandboxed frame", "POST", "/jobs", 403, {**PAGE, "Origin": "null"}),
    ("no origin", "POST", "/jobs", 403, {**PAGE, "Origin": None}),
    ("the origin of another of our names", "POST", "/jobs", 403,
     {**PAGE, "Origin": "http://localhost:{port}"}),
    ("a stranger's question", "POST", "/jobs", 403, {**PAGE, "Origin": "http://evil.example"}),
    ("a preflight", "OPTIONS", "/jobs", 403,
     {"Origin": "http://evil.example", "Access_Control_Request_Method": "POST"}),
    ("an upgrade", "GET", "/jobs", 403,
     {"Connection": "Upgrade", "Upgrade": "websocket", "Origin": "http://evil.example"}),
    ("another method", "PUT", "/jobs", 405, PAGE),
    ("a read where one asks", "GET", "/ask/contrast", 405, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "method", "target", "status", "changes"), REQUESTS, ids=[row[0] for row in REQUESTS]
)
def test_contract_hostile_requests_are_refused_and_good_ones_answered(
    what: str, method: str, target: str, status: int, changes: dict[str, str | None],
    host: Host, desk: Desk,
) -> None:  # fmt: skip
    before = len(desk.started)
    headers = {
        name: value and value.replace("{port}", str(host.port)) for name, value in changes.items()
    }
    answer = host.ask(method, target, b"{}" if method in ("POST", "PUT") else b"", **headers)
    assert answer.status == status, answer.body
    assert len(desk.started) - before == (method == "POST" and status == 200)
    if what != "no host":  # refused by the parser, before there is an application
        for name, value in {**HEADERS, "Cache-Control": "no-store"}.items():
            assert answer.headers[name] == value
    assert TOKEN.encode() not in answer.body
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


PATHS = [
    "/data/../run.json",
    "/data/r0/../../../etc/passwd",
    "/data/%2e%2e/%2e%2e/etc/passwd",
    "/data/%252e%252e/etc/passwd",
    "/data/%2e%2e%2fetc%2fpasswd",
    "/data/..%5c..%5cwindows%5cwin.ini",
    "/data/..\\..\\windows\\win.ini",
    "/data/..;/etc/passwd",
    "/data//etc/passwd",
    "//evil.example/share",
    "/%5c%5cevil.example%5cshare",
    "/data/C:/windows/win.ini",
    "/data/run.json%00.png",
    "/data/./rows",
    "/data/rows/",
    "/static/..%2f..%2fserver.py",
    "/static/%2e%2e/server.py",
    "/data/%c0%ae%c0%ae/etc/passwd",
    "/data/r0%20x",
    "/data/r0%0d%0aSet-Cookie:x",
    "http://evil.example/data/r0/rows",
]


@pytest.mark.parametrize("path", PATHS)
def test_contract_paths_that_climb_are_refused(path: str, host: Host) -> None:
    answer = host.ask("GET", path)
    assert answer.status == 400
    assert answer.body == b"This is no path of this server."


@pytest.mark.parametrize(
    "path", ["/data/etc/passwd", "/data/r0/act", "/static/server.py", "/static/link", "/nothing"]
)
def test_contract_names_are_looked_up_and_never_opened(path: str, host: Host) -> None:
    assert host.ask("GET", path).status == 404


@pytest.mark.parametrize("header", ["Host", "Cookie", "Origin", "Sec-Fetch-Site"])
def test_a_header_that_comes_twice_is_refused(header: str, host: Host) -> None:
    good = {**host.headers, "Origin": f"http://127.0.0.1:{host.port}", "Sec-Fetch-Site": "none"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in [*good.items(), (header, "evil")])
    assert host.send(f"GET {GOOD} HTTP/1.1\r\n{lines}\r\n".encode()).status == 400


def test_the_token_becomes_a_cookie_that_only_this_server_gets(host: Host) -> None:
    answer = host.ask("GET", f"/?token={TOKEN}", Cookie=None)
    assert answer.headers["Location"] == "/"
    cookie, *rest = answer.headers["Set-Cookie"].split("; ")
    assert cookie == f"layerwise-{host.port}={TOKEN}"
    assert {part.lower() for part in rest} == {"httponly", "samesite=strict", "path=/"}
    assert host.ask("GET", GOOD, Cookie=f"other=1; {cookie}").status == 200


def test_long_bodies_are_refused_whether_announced_or_not(host: Host, desk: Desk) -> None:
    before = len(desk.started)
    piece = b"%x\r\n%s\r\n" % (2**20, b" " * 2**20)
    for body, changes in (
        (b" " * (LIMIT + 1), {}),
        (piece * 17 + b"0\r\n\r\n", {"Transfer_Encoding": "chunked", "Content_Length": None}),
    ):
        good = {name: value.replace("{port}", str(host.port)) for name, value in PAGE.items()}
        assert host.ask("POST", "/jobs", body, **good, **changes).status == 413
    assert len(desk.started) == before
    assert host.post("/jobs", {"padding": " " * (LIMIT - 100)}).status == 200


def test_the_page_may_load_only_what_this_server_sends(host: Host) -> None:
    policy = host.ask("GET", "/nothing").headers["Content-Security-Policy"]
    allowed = {word for part in policy.split("; ") for word in part.split()[1:]}
    assert allowed == {"'none'", "'self'", "blob:", "data:"}


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("GET / HTTP/1.0\r\n\r\n", 421),
        ("GET http://127.0.0.1:{port}/jobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n", 400),
        ("GET /jobs HTTP/1.1\r\nHost : 127.0.0.1:{port}\r\n\r\n", 400),
        ("GET /jobs HTTP/1.1\r\n Host: 127.0.0.1:{port}\r\n\r\n", 400),
        ("GET /jobs\r\n\r\n", 400),
        ("POST /jobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 1\r\n"
         "Content-Length: 2\r\n\r\nxx", 400),
        ("POST /jobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST /jobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
         "Transfer-Encoding: xchunked\r\n\r\n", 400),
    ],
)  # fmt: skip
def test_requests_that_parsers_disagree_on_end_at_ours(
    message: str, status: int, host: Host, desk: Desk
) -> None:
    before = len(desk.started)
    answer = host.send(message.replace("{port}", str(host.port)).encode())
    assert answer.status == status, answer.body
    assert len(desk.started) == before


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "CONNECT"])
def test_other_methods_are_refused(method: str, host: Host) -> None:
    assert host.ask(method, GOOD).status == 403
    good = {name: value.replace("{port}", str(host.port)) for name, value in PAGE.items()}
    assert host.ask(method, "/jobs", **good).status == 405
