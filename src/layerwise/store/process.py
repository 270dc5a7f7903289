"""Which process is writing: the owner of a lock and of a temporary file.

A process id alone is reused; together with the time the process started it is not. Elsewhere
than on Linux the start time is unknown and the id has to do.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process of some machine: host name, process id, start time in clock ticks (0: unknown)."""

    host: str
    pid: int
    started: int

    @classmethod
    def here(cls) -> Process:
        """Return the process that asks.

        Examples
        --------
        >>> Process.here().alive()
        True
        """
        pid = os.getpid()
        return cls(socket.gethostname(), pid, _started(pid) or 0)

    def alive(self) -> bool:
        """Say whether the process may still run; where that cannot be known it is taken to."""
        if self.host != socket.gethostname() or os.name == "nt":
            return True
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            pass
        started = _started(self.pid)
        return started is None or (started >= 0 and self.started in (0, started))


def _started(pid: int) -> int | None:
    """Return the start time from ``/proc``, -1 for a process that has ended, None if unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the name before it may hold spaces
    return -1 if fields[0] in "ZX" else int(fields[19])
