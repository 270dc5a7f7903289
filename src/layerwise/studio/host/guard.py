"""Who may ask the studio's server: only the page that it served, from this machine.

A local server is within reach of every page that the browser shows, and of every other user of
the machine. So whatever comes in passes these checks, in this order, before anything else looks
at it. Left out: encryption; for other machines than this one put a proxy with TLS in front.

============================ ====== ============================================================
check                        else   against
============================ ====== ============================================================
Host is one of ours          421    DNS rebinding: a stranger's name that means 127.0.0.1
the path is plain            400    climbing out: ``..`` in all its spellings, drives, shares
the request is same-origin   403    cross-site requests: `Origin`, `Sec-Fetch-Site`
whatever writes is JSON      415    cross-site forms, which cannot send that type
cookie or token              403    other users of the machine
the body is short            413    filling the memory
============================ ====== ============================================================

Source: the published holes of TensorBoard, Jupyter, MLflow and Gradio; OWASP cheat sheets.
"""

from __future__ import annotations

import hmac
import posixpath
import re
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LIMIT = 16 * 2**20
"""Bytes of a body at most: a selection of a million observations has 8 MB."""

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""With every answer, refusals too; and ``no-store``, unless the answer says how to keep it."""

_SINGLE = ("host", "origin", "sec-fetch-site", "content-type", "cookie")
_PLAIN = re.compile(r"/[A-Za-z0-9_@.\-/]*")
_READS = ("GET", "HEAD")


class Guard:
    """ASGI middleware in front of the whole application.

    Parameters
    ----------
    app : what answers whoever gets through
    token : what the address must hold once, and the cookie from then on
    port : that the server listens on
    hosts : names besides those of the loopback interface, at this port or at the one they give
    """

    def __init__(self, app: ASGIApp, *, token: str, port: int, hosts: Iterable[str] = ()) -> None:
        self._app, self._token = app, token
        self._cookie = f"layerwise-{port}"  # cookies know no ports: two studios must not collide
        given = {name.lower() for name in hosts}
        names = given.union(LOOPBACK)
        self._hosts = {f"{name}:{port}" for name in names} | (names if port == 80 else given)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or answer it: by a refusal, or by the cookie for a token."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        answer: ASGIApp = self._app
        try:
            self._check_origin(request)
            if "token" in request.query_params:
                answer = self._let_in(request)
            else:
                self._check_cookie(request)
                if request.method not in _READS:
                    receive = _again(await _read(request), receive)
        except _Refused as refused:
            answer = PlainTextResponse(str(refused), refused.status)
        except ClientDisconnect:
            return
        await answer(scope, receive, _sealed(send))

    def _check_origin(self, request: Request) -> None:
        """Refuse what a page of somebody else could have sent."""
        headers, path = request.headers, request.scope["path"]
        if any(len(headers.getlist(name)) > 1 for name in _SINGLE):
            raise _Refused(400, "A header came twice.")
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            raise _Refused(
                421, "This server does not go by that name. `layerwise view --allow-host NAME` "
                "allows another.",
            )  # fmt: skip
        if not _PLAIN.fullmatch(path) or "//" in path or posixpath.normpath(path) != path:
            raise _Refused(400, "This is no path of this server.")
        origin = headers.get("origin")
        ours = (f"http://{host}", f"https://{host}")  # the second where a proxy adds TLS
        foreign = origin is not None and origin.lower() not in ours
        if foreign or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise _Refused(403, "Only the studio's own page may ask. Type or paste its address.")
        if request.method in _READS:
            return
        if origin is None:
            raise _Refused(403, "A question needs the Origin header of the studio's page.")
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise _Refused(415, "A question must be application/json.")

    def _let_in(self, request: Request) -> Response:
        """Return the redirection that takes the token out of the address, into a cookie."""
        if request.scope["path"] != "/" or request.method not in _READS:
            raise _Refused(403, "The token belongs to the address of the page.")
        self._compare(request.query_params["token"])
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
        return answer

    def _check_cookie(self, request: Request) -> None:
        self._compare(request.cookies.get(self._cookie, ""))

    def _compare(self, token: str) -> None:
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode()):
            raise _Refused(403, "Open the address that `layerwise view` printed, with its token.")


class _Refused(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def _read(request: Request) -> bytes:
    """Return the whole body, unless it is too long."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LIMIT:
            raise _Refused(413, f"A question may have {LIMIT} bytes at most.")
    return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that has been read, and then what comes after it."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again


def _sealed(send: Send) -> Send:
    """Return what sends an answer with :data:`HEADERS`."""

    async def sealed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sealed
