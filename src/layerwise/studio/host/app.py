"""What the studio answers, and from where.

=============================== ==================================================================
GET /                           the page; with the token in its address once, then by cookie
GET /static/<file>              its scripts and styles
GET /manifest.json              what the runs hold now; 304 if that is what the page has
GET /data/<name>                the bytes of a file that the manifest names
POST /ask/<kind>                an answer (:mod:`~layerwise.studio.host.questions`)
GET, POST /jobs                 what is being computed; a further job
POST /jobs/<id>/cancel          stop it
=============================== ==================================================================

Bad input is answered with one sentence as text. No path is ever made of what comes in: the page's
files are read at start, and the data are looked up by name. Who may ask at all is the business of
:mod:`~layerwise.studio.host.guard`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from layerwise.foundation.checks import InvalidValue, NotFound, UserError
from layerwise.studio.data import Contents
from layerwise.studio.host import questions
from layerwise.studio.host.guard import Guard
from layerwise.studio.host.jobs import Jobs
from layerwise.studio.host.network import Ask

_T = TypeVar("_T")

TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""Kinds of files that the page is made of."""

LONGEST = 2000
"""Letters of a refusal, which may quote what was asked."""


def app(
    contents: Contents, jobs: Jobs, *, token: str, port: int, hosts: Iterable[str] = (),
    ask: Ask | None = None,
) -> ASGIApp:  # fmt: skip
    """Return the guarded application that answers for a server on `port`.

    Parameters
    ----------
    contents, jobs : what to show, and what computes more of it
    token : see :class:`~layerwise.studio.host.guard.Guard`
    port : that the server listens on
    hosts : names by which it may be called, besides those of the loopback interface
    ask : what answers for the network, if it is there
    """
    page = dict(_files(files("layerwise.studio") / "static"))

    async def index(request: Request) -> Response:
        return _file(page, "index.html")

    async def static(request: Request) -> Response:
        return _file(page, request.path_params["name"])

    async def manifest(request: Request) -> Response:
        answer = await _aside(lambda: _json(contents.manifest()))
        tag = f'"{hashlib.blake2b(answer.body, digest_size=16).hexdigest()}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}  # kept, but asked for again
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        answer.headers.update(headers)
        return answer

    async def data(request: Request) -> Response:
        name = request.path_params["name"]
        content = await _aside(contents.bytes, name)
        return Response(content, media_type=contents.media_type(name))

    async def answer(request: Request) -> Response:
        kind, body = request.path_params["kind"], await _body(request)
        return _json(await _heard(request, questions.ask, contents, kind, body, ask))

    async def listing(request: Request) -> Response:
        return _json(jobs.list())

    async def start(request: Request) -> Response:
        body = await _body(request)
        return _json({"id": await _aside(jobs.start, body)})

    async def cancel(request: Request) -> Response:
        jobs.cancel(_number(request.path_params["id"]))
        return _json({})

    routes = [
        Route("/", index),
        Route("/static/{name:path}", static),
        Route("/manifest.json", manifest),
        Route("/data/{name:path}", data),
        Route("/ask/{kind}", answer, methods=["POST"]),
        Route("/jobs", listing),
        Route("/jobs", start, methods=["POST"]),
        Route("/jobs/{id}/cancel", cancel, methods=["POST"]),
    ]
    handlers = {NotFound: _missing, UserError: _refused, Exception: _defect}
    behind = Starlette(routes=routes, exception_handlers=handlers)
    return Guard(behind, token=token, port=port, hosts=hosts)


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Response]]:
    """Yield (name, content, type) of the files of the page."""
    for place in folder.iterdir():
        name, kind = prefix + place.name, TYPES.get("." + place.name.rpartition(".")[2])
        if place.is_dir():
            yield from _files(place, name + "/")
        elif kind is not None:
            yield name, Response(place.read_bytes(), media_type=kind)


def _file(page: dict[str, Response], name: str) -> Response:
    if name not in page:
        raise NotFound(f"The page has no file {name!r}.")
    return page[name]


async def _aside(function: Callable[..., _T], *arguments: object) -> _T:
    """Return what a function gives, from a thread that the end of the program does not wait for."""
    answer: Future[_T] = Future()

    def work() -> None:
        answer.set_running_or_notify_cancel()
        try:
            answer.set_result(function(*arguments))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return await asyncio.wrap_future(answer)


async def _heard(request: Request, function: Callable[..., _T], *arguments: object) -> _T:
    """Return what a function gives that is told, last, how to see that the page has gone."""
    gone = threading.Event()
    answer = asyncio.ensure_future(_aside(function, *arguments, gone.is_set))
    leaving = asyncio.ensure_future(_left(request))
    await asyncio.wait((answer, leaving), return_when=asyncio.FIRST_COMPLETED)
    gone.set()
    leaving.cancel()
    return await answer


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _body(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        raise InvalidValue("The question must be JSON.") from None


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise NotFound("A job is known by its number.")
    return int(text)


def _json(content: object) -> Response:
    """Return an answer that holds any name: in ASCII, since half a surrogate has no UTF-8."""
    return Response(json.dumps(content, allow_nan=False), media_type="application/json")


def _sentence(words: str, status: int) -> Response:
    short = words if len(words) <= LONGEST else words[:LONGEST] + "…"
    return PlainTextResponse(short.encode("utf-8", "backslashreplace"), status)


async def _missing(request: Request, error: Exception) -> Response:
    return _sentence(str(error), 404)


async def _refused(request: Request, error: Exception) -> Response:
    return _sentence(str(error), 400)


async def _defect(request: Request, error: Exception) -> Response:
    sentence = (
        f"{type(error).__name__}: {error}. This is a defect of layerwise; "
        "`layerwise --debug view` shows where."
    )
    logging.getLogger(__name__).error("%s: %s", request.url.path, sentence)
    return _sentence(sentence, 500)
