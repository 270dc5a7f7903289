"""The studio's host: a page about some runs, for the browser on this machine.

Which address it listens on, how it starts and how it ends; what it answers is the business of
:mod:`~layerwise.studio.host.app`.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp

from layerwise.foundation import checks
from layerwise.foundation.checks import InvalidValue
from layerwise.studio.data import Contents
from layerwise.studio.host.app import app
from layerwise.studio.host.jobs import MOST_OBSERVATIONS, Jobs

if TYPE_CHECKING:
    from layerwise.store import Run
    from layerwise.studio.host.network import Ask

PATIENCE = 1
"""Seconds that answers in the making are waited for at the end."""


def serve(
    runs: Run | Sequence[Run],
    *,
    subset: str | None = None,
    n: int | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    allow_hosts: Iterable[str] = (),
    open_browser: bool = True,
    ask: Ask | None = None,
    announce: Callable[[str], object] = lambda address: None,
) -> None:
    """Show some runs in the browser until Ctrl-C or SIGTERM.

    Parameters
    ----------
    runs : recordings, also ones that are still being written
    subset, n : which observations, as in :class:`~layerwise.studio.data.Contents`; `n` is also
        the most that a new map has, by default
        :data:`~layerwise.studio.host.jobs.MOST_OBSERVATIONS`
    host : the interface to listen on; other than loopback lets other machines in, who then need
        the token, which travels unencrypted
    port : 0 for a free one
    token : what the address must hold, 32 letters or more; by default a new one of 32 bytes
    allow_hosts : further names by which browsers may call the server, as behind a proxy
    open_browser : show the page in the default browser
    ask : lets the page ask the network itself: which parts of an input its answer rests on;
        :class:`layerwise.attribution.OnDemand` is one
    announce : called with the address of the page once the server listens

    Raises
    ------
    UserError
        If the address cannot be listened on, or the runs cannot be shown.

    Examples
    --------
    >>> serve(run, port=8000, announce=print)                               # doctest: +SKIP
    http://127.0.0.1:8000/?token=...
    """
    token = _token(token)
    methods = () if ask is None else ask.methods
    contents = Contents(runs, subset=subset, n=n, live=True, attributions=methods)
    contents.manifest()  # what is wrong with the runs is said before anybody waits for them
    with ended_by_signals(), listening(host, port) as listener:
        port, name = listener.getsockname()[1], _public(host)
        with closing(Jobs(contents, n=n or MOST_OBSERVATIONS)) as jobs:
            hosts = [*allow_hosts, name]
            server = server_of(app(contents, jobs, token=token, port=port, hosts=hosts, ask=ask))
            address = f"http://{name}:{port}/?token={token}"
            announce(address)
            if open_browser:  # some browsers only return when they are closed
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
            server.run(sockets=[listener])


def server_of(application: ASGIApp) -> uvicorn.Server:
    """Return the server of an application; it says nothing but defects, and those in debug mode.

    One parser of HTTP, whatever else is installed: the one that the tests try to fool.
    """
    return uvicorn.Server(
        uvicorn.Config(
            application, http="h11", ws="none", loop="asyncio", lifespan="off", log_config=None,
            log_level="error" if os.environ.get("LAYERWISE_DEBUG") else "critical",
            access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=PATIENCE,
        )
    )  # fmt: skip


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens: from then on browsers wait for an answer.

    Raises
    ------
    UserError
        If there is no such interface, or the port is taken or not ours to take.
    """
    checks.integer("serve", "port", port, 0, 65535)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidValue(
            f"serve: cannot listen on port {port} of {host!r}: {reason}. Port 0 finds a free one."
        ) from error


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches an interface.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Leave the block at Ctrl-C or SIGTERM as if it had ended by itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _public(host: str) -> str:
    """Return the name of an interface in an address; of all interfaces, that of the machine."""
    if host in ("0.0.0.0", "::", ""):
        return socket.gethostname().lower()
    return f"[{host}]" if ":" in host else host


def _token(token: str | None) -> str:
    if token is None:
        return secrets.token_urlsafe(32)
    if not re.fullmatch(r"[A-Za-z0-9_-]{32,}", token):
        raise checks.invalid("serve", "token", "32 or more of A-Z, a-z, 0-9, _ and -", "another")
    return token
