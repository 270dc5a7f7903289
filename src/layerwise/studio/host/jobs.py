"""Work that the page asks for and that takes longer than a glance: maps, neurons, evolutions.

One job at a time, each a single call of the analysis room in a process of its own
(:mod:`layerwise.studio.host.work`), so that the server answers at once meanwhile and a cancelled
job leaves nothing behind: tables appear whole or not at all. What was computed shows up in the
manifest because it lies in the run, not because a job said so.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from layerwise import analysis, projection
from layerwise.foundation import checks
from layerwise.studio.data import Contents
from layerwise.studio.data.series import METHODS
from layerwise.studio.host.asked import Asked

KINDS = ("project", "neurons", "evolve")

MOST_OBSERVATIONS = 5000
"""Of a map, unless the host was told otherwise: t-SNE of so many takes some ten seconds."""

MOST_MOVING = 2000
"""Observations of an evolution: it is many maps, and more trails than these are a blot."""

MOST_UNITS = 10_000
"""Neurons of a map: their dissimilarity is a matrix of units by units, 400 MB of them."""

UNFINISHED = ("waiting", "running")

Listing = list[dict[str, Any]]


@dataclass
class _Job:
    id: int
    title: str
    question: dict[str, Any]
    state: str = "waiting"
    done: float | None = None
    step: str = ""
    message: str = ""
    process: subprocess.Popen[str] | None = None


class Jobs:
    """The jobs of one host, oldest first.

    Parameters
    ----------
    contents : the runs that jobs are about
    n : observations of a map at most, a seeded sample; where there are maps already, a further
        one has as many as most of them, so that they can be compared; of an evolution at most
        :data:`MOST_MOVING`, unless the page shows a sample, which then moves as a whole

    Examples
    --------
    >>> jobs = Jobs(contents)                                               # doctest: +SKIP
    >>> jobs.start({"kind": "project", "run": 0, "layer": 1, "checkpoint": 0, "method": "pca"})
    ...                                                                     # doctest: +SKIP
    1
    """

    def __init__(self, contents: Contents, *, n: int = MOST_OBSERVATIONS) -> None:
        self._contents, self._n = contents, checks.integer("Jobs", "n", n, 1)
        self._jobs: dict[int, _Job] = {}
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="layerwise jobs", daemon=True)
        self._worker.start()

    def start(self, body: object) -> int:
        """Queue a job and return its number; that of the same one if it is not finished yet.

        Parameters
        ----------
        body : mapping
            "kind" and "run", and of "project": layer, checkpoint, method; of "neurons": layer,
            checkpoint; of "evolve": over "layers" and a checkpoint, or over "epochs" and a layer,
            and a method if not the usual one. Runs, layers and checkpoints are numbered as in
            the manifest.

        Raises
        ------
        UserError
            If a field is not what it must be, or the neurons are too many for a map.
        """
        title, question = self._question(body)
        with self._changed:
            for job in self._jobs.values():
                if job.question == question and job.state in UNFINISHED:
                    return job.id
            job = _Job(next(self._numbers), title, question)
            self._jobs[job.id] = job
            self._changed.notify_all()
            return job.id

    def cancel(self, id: int) -> None:
        """Stop a job, or take it from the queue; a finished one stays as it is."""
        with self._changed:
            if id not in self._jobs:
                raise checks.not_found("job", id, "the studio", map(str, self._jobs))
            self._stop(self._jobs[id])

    def wait(self, id: int, timeout: float | None = None) -> None:
        """Return when a job has finished, however it ended, or after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs[id].state not in UNFINISHED, timeout)

    def close(self) -> None:
        """Cancel all and wait until no child process is left."""
        with self._changed:
            self._closed = True
            for job in self._jobs.values():
                self._stop(job)
            self._changed.notify_all()
        self._worker.join()

    def list(self) -> Listing:
        """Return all jobs, each as id, title, state, done (0 to 1, or None), step, message.

        The states: "waiting", "running", "done", "failed" (message says why), "cancelled".
        """
        fields = ("id", "title", "state", "done", "step", "message")
        with self._changed:
            return [{name: getattr(job, name) for name in fields} for job in self._jobs.values()]

    def _question(self, body: object) -> tuple[str, dict[str, Any]]:
        """Return the title of a job and what its process is to do."""
        asked = Asked(self._contents, "job", body)
        kind = asked.choice("kind", KINDS)
        how: dict[str, Any] = {"subset": asked.shown["subset"], "random_state": 0}
        if kind == "evolve":
            over = asked.choice("over", tuple(analysis.USUAL))
            at = asked.checkpoint if over == "layers" else asked.layer
            method = asked.choice("method", projection.EVOLUTIONS, analysis.USUAL[over])
            n = _sampled(asked, self._moving(asked))
            how |= {"over": over, "at": at, "method": method, "n": n}
            title = f"Through the {over} of {at}"
        else:
            n = _sampled(asked, self._n)
            how |= {"layer": asked.layer, "checkpoint": asked.checkpoint, "n": n}
            title = f"{how['layer']} at {how['checkpoint']}"
        if kind == "project":
            how["method"] = asked.choice("method", asked.shown["methods"])
            how["n"] = self._usual(asked.number, how["subset"], n)
            title = f"{METHODS[how['method']]} of {title}"
        if kind == "neurons":
            _check_units(asked.run.layer(how["layer"]).n_units)
            title = f"Neurons of {title}"
        if kind != "project":
            how["label"] = asked.shown["label"]
        return title, {"kind": kind, "run": str(asked.run.path), "arguments": how}

    def _moving(self, asked: Asked) -> int:
        """Return of how many observations an evolution is: of a sample that is shown, all."""
        n: int = asked.shown["n"]
        return n if _sampled(asked, n) else min(self._n, MOST_MOVING)

    def _usual(self, number: int, subset: str, n: int | None) -> int | None:
        """Return of how many observations most maps of a run are, `n` if there are none yet."""
        made = (about for _, about in self._contents.shown()[number].tables("projections"))
        sizes = [about.get("n", 0) for about in made if about.get("subset") == subset]
        usual = Counter(n for n in sizes if n is None or (type(n) is int and n > 0)).most_common(1)
        return usual[0][0] if usual else n

    def _stop(self, job: _Job) -> None:
        if job.state in UNFINISHED:
            job.state, job.done, job.step = "cancelled", None, ""
            if job.process is not None:
                job.process.kill()
            self._changed.notify_all()

    def _work(self) -> None:
        """Do one job after the other, until closed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting())
                job = self._waiting()
                if self._closed or job is None:
                    return
                job.state = "running"
                try:
                    job.process = process = _child()
                except OSError as error:
                    self._note(job, state="failed", message=f"The job cannot start: {error}.")
                    continue
            self._follow(job, process)

    def _waiting(self) -> _Job | None:
        return next((job for job in self._jobs.values() if job.state == "waiting"), None)

    def _follow(self, job: _Job, process: subprocess.Popen[str]) -> None:
        """Give a child its job and note what it tells, until it has ended."""
        with process:
            with suppress(OSError):  # it has ended already
                print(json.dumps(job.question), file=process.stdin, flush=True)
            for line in process.stdout or ():
                if line.endswith("\n"):
                    self._note(job, **json.loads(line))
        self._note(
            job, state="failed", message=f"The job ended unexpectedly, with exit code "
            f"{process.returncode}. Was there too little memory?",
        )  # fmt: skip

    def _note(self, job: _Job, **news: Any) -> None:
        with self._changed:
            if job.state == "running":
                for name, value in news.items():
                    setattr(job, name, value)
                self._changed.notify_all()


def _child() -> subprocess.Popen[str]:
    """Start a process that waits for its job; not in our group, so Ctrl-C is ours alone."""
    debug = os.environ.get("LAYERWISE_DEBUG")
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "layerwise.studio.host.work"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=None if debug else subprocess.DEVNULL,
        text=True, encoding="utf-8", start_new_session=True,
    )  # fmt: skip


def _sampled(asked: Asked, n: int) -> int | None:
    """Return the size of a sample, None where it would hold all."""
    return n if n < len(analysis.rows_of(asked.run, asked.shown["subset"])) else None


def _check_units(n_units: int) -> None:
    if n_units > MOST_UNITS:
        raise checks.invalid(
            "job", "layer", f"of {MOST_UNITS:,} neurons at most for a map of them", f"{n_units:,}",
            "Record the layer pooled over positions.",
        )  # fmt: skip
