"""The lock. Kind: contract, with real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from layerwise.store import StoreError
from layerwise.store.lock import locked
from layerwise.store.process import Process

HOLD = """
import sys
from pathlib import Path
from layerwise.store.durable import temporary
from layerwise.store.lock import locked
with locked(Path(sys.argv[1])):
    temporary(Path(sys.argv[1])).write_text("half")
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder):
    process = subprocess.Popen([sys.executable, "-c", HOLD, folder], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert process.stdout.readline() == "held\n"
    return process


def end(process):
    process.stdin.close()
    process.stdout.close()
    process.wait()


def test_the_second_fails_with_the_owners_id_and_a_dead_owner_is_taken_over(tmp_path):
    first = holder(tmp_path)
    with (
        pytest.raises(StoreError, match=rf"process {first.pid} on {Process.here().host} is rec"),
        locked(tmp_path),
    ):
        pass
    assert len(list(tmp_path.glob(".tmp~*"))) == 1  # of a live process: not swept
    os.kill(first.pid, signal.SIGKILL)
    end(first)
    with locked(tmp_path):
        assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()
        assert list(tmp_path.glob(".tmp~*")) == []
    assert list(tmp_path.iterdir()) == []


def test_a_killed_owner_counts_as_dead_before_its_parent_has_noticed(tmp_path):
    first = holder(tmp_path)
    owner = Process(Process.here().host, first.pid, 0)
    assert owner.alive()
    os.kill(first.pid, signal.SIGKILL)
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)  # a zombie now
    assert not owner.alive() or not Path("/proc").is_dir()
    end(first)
    assert not owner.alive()


def test_it_is_given_back_at_the_end_and_after_an_error(tmp_path):
    first = holder(tmp_path)
    end(first)
    with pytest.raises(RuntimeError), locked(tmp_path):
        raise RuntimeError
    with locked(tmp_path):
        pass


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"host": "a", "pid": "x"}'])
def test_a_lock_whose_maker_died_while_writing_it_is_taken_over(tmp_path, text):
    (tmp_path / "lock").write_text(text)
    with locked(tmp_path):
        assert json.loads((tmp_path / "lock").read_text()) == asdict(Process.here())


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="start times are known on Linux only")
def test_a_reused_process_id_is_not_the_owner(tmp_path):
    earlier = replace(Process.here(), pid=os.getppid(), started=1)
    (tmp_path / "lock").write_text(json.dumps(asdict(earlier)))
    with locked(tmp_path):
        pass


def test_the_lock_of_another_machine_stands(tmp_path):
    far = Process("another-host", 2**40, 1)
    (tmp_path / "lock").write_text(json.dumps(asdict(far)))
    half = tmp_path / ".tmp~another-host~1~1~1"
    half.write_text("")
    with pytest.raises(StoreError, match=r"on another-host .* delete this file"), locked(tmp_path):
        pass
    (tmp_path / "lock").unlink()
    with locked(tmp_path):
        assert half.exists()


def test_a_lock_that_somebody_else_took_is_not_removed(tmp_path):
    other = json.dumps(asdict(Process("another-host", 1, 1)))
    with locked(tmp_path):
        (tmp_path / "lock").write_text(other)
    assert (tmp_path / "lock").read_text() == other


def test_a_run_may_nest_its_lock(sample, tmp_path):
    run = sample.create(tmp_path / "run")
    with run.lock(), run.lock():
        run.add_checkpoint("a", "w")
        with (
            pytest.raises(StoreError, match=f"process {os.getpid()} on"),
            type(run).open(run.path).lock(),
        ):
            pass
        assert (run.path / "lock").exists()
    assert not (run.path / "lock").exists()
