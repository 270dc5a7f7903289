"""Interrupted writers. Kind: round trip - kill, fill the disk, resume; the result is byte-equal."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from layerwise.store import Run, StoreError

SAMPLE = Path(__file__).with_name("sample.py")


@pytest.fixture(scope="module")
def victims(tmp_path_factory):
    """Start the fork server; give a function that records in a process until it is killed."""
    warm = tmp_path_factory.mktemp("warm") / "run"
    server = subprocess.Popen([sys.executable, str(SAMPLE), str(warm)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert server.stdout.readline() == "ready\n"

    def run(folder, *, at_call=None, after=None):
        server.stdin.write(f"{folder} {at_call or ''}\n")
        server.stdin.flush()
        child = int(server.stdout.readline())
        if after is not None:
            time.sleep(after)
            with suppress(ProcessLookupError):  # it has ended already
                os.kill(child, signal.SIGKILL)
        return int(server.stdout.readline())

    yield run
    server.stdin.close()
    server.stdout.close()
    server.wait()


def check_interrupted(sample, folder, whole):
    """What is there is right; resumed, it is what an undisturbed recording gives."""
    committed = sample.check_readable(folder)
    sample.record(folder)
    assert sample.content(folder) == whole
    assert sample.temporaries(folder) == []
    assert not (folder / "lock").exists()
    assert Run.open(folder).verify() == []
    return committed


def kill_at_random(sample, victims, recorded, tmp_path, kills):
    whole = sample.content(recorded)
    started = time.perf_counter()
    assert victims(tmp_path / "undisturbed") == 0
    duration = time.perf_counter() - started
    rng = np.random.default_rng(0)
    seen = set()
    for number in range(kills):
        folder = tmp_path / str(number)
        if victims(folder, after=rng.uniform(0, duration)) == -signal.SIGKILL:
            seen.add(check_interrupted(sample, folder, whole))
    return seen


def test_a_writer_killed_at_any_moment(sample, victims, recorded, tmp_path):
    assert len(kill_at_random(sample, victims, recorded, tmp_path, 15)) >= 2


@pytest.mark.slow
def test_a_writer_killed_at_any_of_many_moments(sample, victims, recorded, tmp_path):
    assert len(kill_at_random(sample, victims, recorded, tmp_path, 200)) >= 4


def kill_at_calls(sample, victims, recorded, tmp_path, step):
    whole = sample.content(recorded)
    call, status, seen = 1, -signal.SIGKILL, set()
    while status == -signal.SIGKILL:
        folder = tmp_path / str(call)
        status = victims(folder, at_call=call)
        seen.add(check_interrupted(sample, folder, whole))
        call += step
    assert status == 0
    assert seen == {0, 1, 2, 3, 4, 5, 6}


def test_a_writer_killed_before_some_of_its_calls_to_the_disk(sample, victims, recorded, tmp_path):
    kill_at_calls(sample, victims, recorded, tmp_path, step=29)


@pytest.mark.slow
def test_a_writer_killed_before_each_of_its_calls_to_the_disk(sample, victims, recorded, tmp_path):
    kill_at_calls(sample, victims, recorded, tmp_path, step=1)


def test_killed_again_and_again_it_still_ends_right(sample, victims, recorded, tmp_path):
    folder, kills = tmp_path / "run", 0
    while victims(folder, at_call=120) == -signal.SIGKILL:
        kills += 1
        sample.check_readable(folder)
    assert kills >= 2
    check_interrupted(sample, folder, sample.content(recorded))


def test_a_full_disk_at_any_call_is_a_clean_error(sample, tmp_path, monkeypatch):
    def full():
        raise OSError(errno.ENOSPC, "No space left on device")

    whole = None
    call, failures = 0, 0
    while whole is None or failures == call - 1:
        fault = sample.Fault(call, full)  # call 0: undisturbed
        folder = tmp_path / str(call)
        error = None
        with monkeypatch.context() as patch:
            fault.install(patch.setattr)
            try:
                sample.record(folder, sample.SMALL, sample.CHECKPOINTS[:1])
            except StoreError as caught:
                error = caught
        if error is not None:
            failures += 1
            assert "cannot be written: No space left on device" in str(error)
            sample.check_readable(folder)
            assert sample.temporaries(folder) == []
            assert not (folder / "lock").exists()
        sample.record(folder, sample.SMALL, sample.CHECKPOINTS[:1])
        whole = whole or sample.content(folder)
        assert sample.content(folder) == whole
        call += 1
    assert failures == call - 2 > 40


def test_bytes_are_on_the_disk_before_names_and_names_before_the_commit(
    sample, tmp_path, monkeypatch
):
    fsync, rename = os.fsync, os.replace
    log = []
    inode = {}

    def logged_fsync(descriptor):
        log.append(("fsync", os.fstat(descriptor).st_ino))
        fsync(descriptor)

    def logged_rename(source, target):
        assert log[-1] == ("fsync", source.stat().st_ino) or (
            "fsync", source.stat().st_ino
        ) in log  # fmt: skip
        inode[target] = source.stat().st_size
        log.append(("rename", target))
        rename(source, target)
        assert target.stat().st_size == inode[target]

    monkeypatch.setattr(os, "fsync", logged_fsync)
    monkeypatch.setattr(os, "replace", logged_rename)
    folder = tmp_path / "run"
    sample.record(folder, sample.SMALL)
    names = [target for what, target in log if what == "rename"]
    for number, (what, target) in enumerate(log):
        if what == "rename":  # the folder follows at once
            assert log[number + 1] == ("fsync", target.parent.stat().st_ino)
            if target.parent.name == "_done":  # all parts of the unit are there by then
                first = target.stem.split("__")[1]
                parts = {path for path in folder.rglob(f"{first}.npy")} & set(names)
                done = [path for path in parts if target.stem.split("__")[0] in path.parts]
                assert done
                assert all(log.index(("rename", path)) < number for path in done)
    for path in folder.rglob("*"):  # every name is durable: its folder was fsynced after it came
        assert ("fsync", path.parent.stat().st_ino) in log
    assert len([name for name in names if name.suffix == ".npy"]) == 3 * 3


def test_a_file_system_without_folder_fsync_will_do(sample, tmp_path, monkeypatch):
    fsync = os.fsync

    def refuse(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    sample.record(tmp_path / "run", sample.SMALL)
    assert sample.check_readable(tmp_path / "run") == 6
