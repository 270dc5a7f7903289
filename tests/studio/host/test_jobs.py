"""Jobs: what the child computes is what the analysis says; how each can end; one at a time.

How jobs end is tested with a stand-in for the child that does what it is told by the test, one
line at a time, so nothing depends on how long work takes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.studio.odd import odd_run

from layerwise import analysis
from layerwise.foundation.checks import NotFound, UserError
from layerwise.store import Run
from layerwise.studio.data import Contents
from layerwise.studio.host import jobs as module
from layerwise.studio.host.jobs import Jobs
from layerwise.studio.host.work import _throttled

LONG = 120
PROJECT = {"kind": "project", "run": 0, "layer": 0, "checkpoint": 1, "method": "pca"}
NEURONS = {"kind": "neurons", "run": 0, "layer": 1, "checkpoint": 0}
EVOLVE = {"kind": "evolve", "run": 0, "over": "layers", "checkpoint": 1}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    subset = np.where(np.arange(150) % 3 == 1, "train", "test")
    folder = tmp_path_factory.mktemp("jobs") / "run"
    return odd_run(folder, n=150, n_layers=2, n_units=8, maps=False, columns={"subset": subset})


@pytest.fixture
def contents(run: Run) -> Contents:
    return Contents([run], subset="test", live=True)


@pytest.fixture
def jobs(contents: Contents) -> Iterator[Jobs]:
    made = Jobs(contents)
    yield made
    made.close()


def one(jobs: Jobs, id: int) -> dict[str, Any]:
    return next(job for job in jobs.list() if job["id"] == id)


def test_reference_the_child_computes_what_the_analysis_does(
    jobs: Jobs, contents: Contents, run: Run, tmp_path: Path
) -> None:
    ids = [jobs.start(body) for body in (PROJECT, NEURONS, EVOLVE)]
    for id in ids:
        jobs.wait(id, LONG)
    assert [job["state"] for job in jobs.list()] == ["done"] * 3, jobs.list()
    titles = [job["title"] for job in jobs.list()]
    assert titles == [
        "PCA of layer1 at epoch-001", "Neurons of layer2 at epoch-000",
        "Through the layers of epoch-001",
    ]  # fmt: skip
    kinds = ("projections", "units", "discrimination", "evolution", "trails")
    found = {kind: run.table(kind) for kind in kinds}
    here = odd_run(  # the same recording again: nothing of it is cached
        tmp_path / "run", n=150, n_layers=2, n_units=8, maps=False,
        columns={"subset": np.where(np.arange(150) % 3 == 1, "train", "test")},
    )  # fmt: skip
    usual: dict[str, Any] = {"subset": "test", "n": 5000}
    place = {"layer": "layer2", "checkpoint": "epoch-000", **usual}
    moved = analysis.evolve(here, over="layers", at="epoch-001", subset="test", n=2000)
    expected = {
        "projections": analysis.project(
            here, layer="layer1", checkpoint="epoch-001", method="pca", **usual
        ),
        "units": analysis.neurons(here, **place),
        "discrimination": analysis.discriminate(here, **place, ranking="gini"),
        "evolution": moved,
        "trails": analysis.trails(here, moved),
    }
    for kind in kinds:
        pd.testing.assert_frame_equal(found[kind], expected[kind], check_flags=False)
    shown = contents.manifest()["runs"][0]
    assert [series["over"] for series in shown["series"]] == ["", "layers"]
    assert shown["neurons"][0]["ranking"] == "gini"


STAND_IN = """
import json, os, sys
asked = json.loads(sys.stdin.readline())
for line in open(sys.argv[1]):
    if line.startswith("exit"): os._exit(int(line.split()[1]))
    if line.startswith("wait"): sys.stdin.read()
    print(line, end="", flush=True)
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of what the stand-in for the child says."""
    path = tmp_path / "script"

    def child() -> subprocess.Popen[str]:
        command = [sys.executable, "-S", "-E", "-c", STAND_IN, str(path)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    monkeypatch.setattr(module, "_child", child)
    return path


def until(jobs: Jobs, condition: Any) -> None:
    with jobs._changed:
        assert jobs._changed.wait_for(condition, LONG)


def test_progress_shows_while_it_runs_and_cancel_ends_the_process(jobs: Jobs, script: Path) -> None:
    script.write_text('{"step": "t-SNE", "done": 0.25}\nwait\n')
    first, second = jobs.start(PROJECT), jobs.start(NEURONS)
    until(jobs, lambda: jobs._jobs[first].done == 0.25)
    assert one(jobs, first) == {
        "id": first, "title": "PCA of layer1 at epoch-001", "state": "running", "done": 0.25,
        "step": "t-SNE", "message": "",
    }  # fmt: skip
    assert one(jobs, second)["state"] == "waiting"
    process = jobs._jobs[first].process
    assert process is not None
    jobs.cancel(second)
    jobs.cancel(first)
    assert process.wait(LONG) != 0
    assert [job["state"] for job in jobs.list()] == ["cancelled", "cancelled"]
    assert jobs._jobs[second].process is None
    jobs.cancel(first)
    assert one(jobs, first)["state"] == "cancelled"


def test_the_same_question_is_one_job_until_it_has_ended(jobs: Jobs, script: Path) -> None:
    script.write_text("wait\n")
    running = jobs.start(PROJECT)
    assert jobs.start(dict(PROJECT)) == running
    other = jobs.start({**PROJECT, "layer": 1})
    assert jobs.start({**PROJECT, "layer": 1}) == other != running
    jobs.cancel(running)
    assert jobs.start(PROJECT) not in (running, other)


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ('{"state": "failed", "message": "TSNE: X must be finite."}', "TSNE: X must be finite."),
        ("exit 7", "The job ended unexpectedly, with exit code 7"),
        ('{"step": "t-S', "The job ended unexpectedly, with exit code 0"),
    ],
)
def test_a_job_that_fails_says_why_and_the_next_one_runs(
    jobs: Jobs, script: Path, says: str, message: str
) -> None:
    script.write_text(says if says.endswith("S") else says + "\n")
    failed = jobs.start(PROJECT)
    jobs.wait(failed, LONG)
    assert one(jobs, failed)["state"] == "failed"
    assert one(jobs, failed)["message"].startswith(message)
    script.write_text('{"state": "done"}\n')
    again = jobs.start(PROJECT)
    jobs.wait(again, LONG)
    assert one(jobs, again)["state"] == "done"


def test_closing_leaves_no_process(contents: Contents, script: Path) -> None:
    script.write_text('{"step": "t-SNE", "done": 0.5}\nwait\n')
    jobs = Jobs(contents)
    running, waiting = jobs.start(PROJECT), jobs.start(NEURONS)
    until(jobs, lambda: jobs._jobs[running].done)
    process = jobs._jobs[running].process
    jobs.close()
    assert process is not None
    assert process.poll() is not None
    assert [one(jobs, id)["state"] for id in (running, waiting)] == ["cancelled", "cancelled"]


BAD = [
    (None, "the question must be an object"),
    ({}, "run must be an integer"),
    ({"run": 0}, "kind must be text; got None"),
    ({**PROJECT, "kind": "record"}, "kind must be one of project, neurons, evolve"),
    ({**PROJECT, "kind": ["project"]}, "kind must be text"),
    ({**PROJECT, "method": "lda"}, "method must be one of"),
    ({**PROJECT, "method": None}, "method must be text"),
    ({**PROJECT, "layer": 9}, "layer must be an integer in [0, 2]"),
    ({**PROJECT, "layer": "layer1"}, "layer must be an integer"),
    ({**NEURONS, "checkpoint": 2}, "checkpoint must be an integer in [0, 1]"),
    ({**EVOLVE, "over": "time"}, "over must be one of layers, epochs"),
    ({**EVOLVE, "over": "epochs"}, "layer must be an integer"),
    ({**EVOLVE, "method": "slow"}, "method must be one of independent"),
]


@pytest.mark.parametrize(("body", "sentence"), BAD)
def test_bad_jobs_are_one_sentence(body: object, sentence: str, jobs: Jobs) -> None:
    with pytest.raises(UserError) as error:
        jobs.start(body)
    assert sentence in str(error.value)
    assert jobs.list() == []


def test_a_map_of_too_many_neurons_is_refused(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNITS", 7)
    with pytest.raises(UserError, match="of 7 neurons at most for a map of them; got 8"):
        jobs.start(NEURONS)


def test_a_further_map_is_of_as_many_observations_as_those_before(
    contents: Contents, script: Path, tmp_path: Path
) -> None:
    script.write_text("wait\n")
    run = odd_run(tmp_path / "run", n=60, n_layers=2, maps=False)
    jobs = Jobs(Contents(run, n=40, live=True), n=40)

    def asked(body: dict[str, Any]) -> Any:
        return jobs._jobs[jobs.start(body)].question["arguments"]["n"]

    assert asked(PROJECT) == 40
    for layer, n in (("layer1", 30), ("layer2", 30), ("output", 50)):
        analysis.project(run, layer=layer, method="pca", n=n)
    assert asked({**PROJECT, "checkpoint": 0}) == 30
    assert asked(NEURONS) == 40
    jobs.close()


def test_a_sample_that_is_shown_is_the_one_that_will_be_mapped(tmp_path: Path) -> None:
    run = odd_run(tmp_path / "run", n=60, maps=False)
    contents = Contents(run, n=40, live=True)
    shown = np.frombuffer(contents.bytes(contents.manifest()["runs"][0]["rows"]), "<u4")
    mapped = analysis.project(run, layer="layer1", method="pca", n=40)
    assert shown.tolist() == mapped["observation"].tolist()


def test_the_sample_that_is_shown_is_the_one_that_moves(
    tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.write_text("wait\n")
    monkeypatch.setattr(module, "MOST_MOVING", 10)
    run = odd_run(tmp_path / "run", n=60, n_layers=2, maps=False)
    for n, expected in ((40, 40), (None, 10)):
        jobs = Jobs(Contents(run, n=n, live=True))
        assert jobs._jobs[jobs.start(EVOLVE)].question["arguments"]["n"] == expected
        jobs.close()


@pytest.mark.parametrize("n", [{}, {"n": 0}, {"n": -3}, {"n": True}, {"n": "5"}])
def test_maps_of_which_no_size_is_known_set_none(
    tmp_path: Path, script: Path, n: dict[str, object]
) -> None:
    script.write_text("wait\n")
    run = odd_run(tmp_path / "run", n=60, n_layers=2, maps=False)
    made = analysis.project(run, layer="layer1", method="pca")
    run.write_table("projections", made, {"subset": "", "method": "pca", **n})
    run.write_table("projections", made, {"subset": "", "method": "pca", "again": 1, **n})
    jobs = Jobs(Contents(run, live=True), n=20)
    assert jobs._jobs[jobs.start(PROJECT)].question["arguments"]["n"] in (None, 20)
    jobs.close()


def test_a_job_that_cannot_start_says_so_and_the_next_one_runs(
    jobs: Jobs, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = module._child

    def none() -> subprocess.Popen[str]:
        raise OSError("no memory")

    monkeypatch.setattr(module, "_child", none)
    failed = jobs.start(PROJECT)
    jobs.wait(failed, LONG)
    assert one(jobs, failed)["message"] == "The job cannot start: no memory."
    monkeypatch.setattr(module, "_child", usual)
    script.write_text('{"state": "done"}\n')
    again = jobs.start(PROJECT)
    jobs.wait(again, LONG)
    assert one(jobs, again)["state"] == "done"


def test_an_unknown_job_cannot_be_cancelled(jobs: Jobs) -> None:
    with pytest.raises(NotFound, match="no job '7' in the studio"):
        jobs.cancel(7)


def child_of(job: dict[str, Any]) -> subprocess.Popen[str]:
    process = module._child()
    print(json.dumps(job), file=process.stdin, flush=True)
    return process


def test_the_childs_errors_are_sentences(run: Run) -> None:
    job = {"kind": "project", "run": str(run.path), "arguments": {"layer": "no such layer"}}
    with child_of(job) as process:
        told = json.loads(process.stdout.readline())  # type: ignore[union-attr]
    assert told["state"] == "failed"
    assert "no layer 'no such layer'" in told["message"]


def test_the_child_ends_with_its_parent(run: Run) -> None:
    arguments = {"over": "layers", "label": None, "method": "dynamic", "n_iter": 10**6}
    with child_of({"kind": "evolve", "run": str(run.path), "arguments": arguments}) as process:
        told = json.loads(process.stdout.readline())  # type: ignore[union-attr]
        assert told == {"step": "dynamic t-SNE", "done": 0.0}
        process.stdin.close()  # type: ignore[union-attr]
        assert process.wait(LONG) == 1


def test_a_hundred_thousand_steps_are_a_few_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(np.arange(0, 1, 1e-3))
    monkeypatch.setattr("layerwise.studio.host.work.time.monotonic", lambda: next(clock))
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as messages:
        tell = _throttled(messages)
        for done in range(999):
            tell("MDS" if done < 500 else "t-SNE", done, 1000)
    with os.fdopen(reader) as read:
        told = [json.loads(line) for line in read]
    assert 10 <= len(told) <= 12
    assert told[0] == {"step": "MDS", "done": 0.0}
    assert [news["done"] for news in told] == sorted(news["done"] for news in told)
    assert {news["step"] for news in told} == {"MDS", "t-SNE"}
