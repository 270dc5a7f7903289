"""`layerwise view`: the address it prints answers, it stops cleanly, bad input is one sentence."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.studio.odd import odd_run

from layerwise.cli.main import main
from layerwise.store import Run

PATIENCE = 60


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return odd_run(tmp_path_factory.mktemp("view") / "run", n=200, n_layers=2, maps=False)


@contextmanager
def viewing(*arguments: str, before: str = "") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command in a process, as a shell does, and yield it with the line it prints."""
    call = f"{before}\nfrom layerwise.cli.main import main; raise SystemExit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", call, "view", *arguments, "--no-browser"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            line = process.stdout.readline()  # type: ignore[union-attr]
            yield process, line
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


class Page:
    """The page: it opened the address once, and has the cookie."""

    def __init__(self, line: str) -> None:
        assert line.startswith("studio: http://127.0.0.1:")
        assert line.endswith("  (Ctrl-C stops it)\n")
        address = urlsplit(line.split()[1])
        self.port, self.origin, self.cookie = address.port, f"http://{address.netloc}", ""
        with closing(self.send("GET", f"/?{address.query}")) as connection:
            opened = connection.getresponse()
            assert opened.status == 303
            self.cookie = opened.headers["Set-Cookie"].partition(";")[0]

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        with closing(self.send(method, path, body)) as connection:
            return connection.getresponse().read()

    def send(self, method: str, path: str, body: object = None) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Cookie": self.cookie}
        if body is not None:
            headers |= {"Origin": self.origin, "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        return connection


def own_address() -> str | None:
    """Return the address of this machine in its network, if it has one; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def test_outcome_a_run_is_viewed_worked_on_and_left_with_ctrl_c(run: Run) -> None:
    with viewing(str(run.path)) as (process, line):
        page = Page(line)
        if other := own_address():  # only this machine is let in
            with pytest.raises(OSError), socket.create_connection((other, page.port), PATIENCE):
                pass
        manifest = json.loads(page.ask("GET", "/manifest.json"))
        assert manifest["live"]
        assert manifest["runs"][0]["n"] == 200
        assert len(page.ask("GET", f"/data/{manifest['runs'][0]['rows']}")) == 4 * 200
        place = {"run": 0, "layer": 0, "checkpoint": 0}
        answer = page.ask("POST", "/ask/contrast", {**place, "selection": [1, 2, 3]})
        assert len(json.loads(answer)["contrast"]) == 24
        answer = page.ask("POST", "/jobs", {"kind": "evolve", **place, "over": "layers"})
        assert json.loads(answer) == {"id": 1}
        os.kill(process.pid, signal.SIGINT)
        said, complained = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said, complained) == (0, "studio: stopped\n", "")


STUCK = """
import time
from layerwise.studio.host import questions
def ask(*question):
    print("asked", flush=True)
    time.sleep(600)
questions.ask = ask
"""


NETWORK = """
import torch
from torch import nn
def small():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
def other():
    return nn.Linear(4, 3)
def data():
    return torch.rand(8, 4, generator=torch.Generator().manual_seed(0))
def backwards():
    return data().flip(0)
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network's code, its weights, and what it did: with its inputs, and without."""
    import torch

    from layerwise import record
    from layerwise.cli.inputs import load_object

    folder = tmp_path_factory.mktemp("network")
    (folder / "asked_net.py").write_text(NETWORK)
    model, x = (load_object(f"{folder}/asked_net.py:{name}", "it") for name in ("small", "data"))
    for name, layers in (("whole", ["input", "1", "output"]), ("bare", ["1", "output"])):
        record(model, x, to=folder / name, layers=layers, checkpoint="mine")
    torch.save(model.state_dict(), folder / "mine.pt")
    torch.save({name: value + 1 for name, value in model.state_dict().items()}, folder / "no.pt")
    return folder


@pytest.mark.parametrize("inputs", [["whole"], ["bare", "--data", "{}/asked_net.py:data"]])
def test_outcome_the_network_answers_for_an_observation(network: Path, inputs: list[str]) -> None:
    run, *data = inputs
    given = [str(network / run), *(part.format(network) for part in data)]
    code = ["--model", f"{network}/asked_net.py:small", "--weights", str(network / "mine.pt")]
    with viewing(*given, *code) as (process, line):
        page = Page(line)
        manifest = json.loads(page.ask("GET", "/manifest.json"))
        assert manifest["attributions"][0] == "gradient"
        body = {"run": 0, "checkpoint": 0, "observation": 3, "method": "integrated_gradients"}
        answer = json.loads(page.ask("POST", "/ask/attribution", body))
        assert answer["shape"] == [1, 4]
        assert answer["target"] == f"logit:{answer['predicted']}"
        os.kill(process.pid, signal.SIGINT)
        said, complained = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said, complained) == (0, "studio: stopped\n", "")


def test_a_network_that_cannot_answer_is_one_sentence(
    network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = f"{network}/asked_net.py"
    whole, bare = str(network / "whole"), str(network / "bare")
    small = ["--model", f"{code}:small"]
    for arguments, sentence in (
        ([whole, "--weights", str(network / "mine.pt")], "must come with --model"),
        ([whole, "--data", "digits"], "must come with --model"),
        ([whole, *small, "--weights", str(network / "no.pt")], "which has others"),
        ([whole, "--model", f"{code}:other"], "which has others"),
        ([whole, "--model", f"{code}:nothing"], "no function 'nothing'"),
        ([whole, "--model", f"{code}:data"], "must return a torch.nn.Module"),
        ([bare, *small], "did not record its inputs"),
        ([bare, *small, "--data", f"{code}:backwards"], "data must be those that bare recorded"),
        ([bare, *small, "--data", "digits"], "data must be those that bare recorded"),
    ):
        assert main(["view", *arguments, "--no-browser"]) == 2
        said = capsys.readouterr()
        assert sentence in said.err
        assert said.err.count("\n") == 1
        assert "Traceback" not in said.err
        assert said.out == ""


def test_sigterm_ends_it_too_even_while_questions_are_open(run: Run) -> None:
    with viewing(str(run.path), "--subset", "", "-n", "50", before=STUCK) as (process, line):
        page = Page(line)
        with socket.create_connection(("127.0.0.1", page.port)) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\n")  # and no more
            with closing(page.send("POST", "/ask/contrast", {})):
                assert process.stdout.readline() == "asked\n"  # type: ignore[union-attr]
                process.terminate()
                said, complained = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said, complained) == (0, "studio: stopped\n", "")


def test_bad_input_is_one_sentence_and_exit_code_2(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newer, damaged = tmp_path / "newer", tmp_path / "damaged"
    for folder in (newer, damaged):
        folder.mkdir()
    manifest = (run.path / "run.json").read_text()
    (newer / "run.json").write_text(manifest.replace('"format": 1', '"format": 2'))
    (damaged / "run.json").write_text(manifest[:100])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, sentence in (
            ([str(newer)], "newer layerwise"),
            ([str(damaged)], "damaged"),
            ([str(tmp_path / "none")], "is not a run"),
            ([str(run.path), "--port", str(port)], f"cannot listen on port {port}"),
            ([str(run.path), "--port", "99999"], "port must be an integer in [0, 65535]"),
            ([str(run.path), "--host", "256.1.1.1"], "cannot listen on port 0 of '256.1.1.1'"),
            ([str(run.path), "--subset", "exam"], "no subset 'exam'"),
            ([str(run.path), "-n", "0"], "n must be an integer"),
        ):
            assert main(["view", *arguments, "--no-browser"]) == 2
            said = capsys.readouterr()
            assert sentence in said.err
            assert said.err.splitlines()[-1].startswith("layerwise: ")
            assert "Traceback" not in said.err
            assert said.out == ""


def test_other_interfaces_come_with_a_warning_the_token_and_their_name(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "uvicorn.Server.run", lambda self, sockets: served.append(sockets[0].getsockname())
    )
    opened = threading.Event()
    monkeypatch.setattr("webbrowser.open", lambda address: opened.set())
    assert main(["view", str(run.path), "--host", "0.0.0.0", "--allow-host", "hub"]) == 0
    said = capsys.readouterr()
    assert "0.0.0.0 lets other machines in" in said.err
    address = urlsplit(said.out.split()[1])
    assert len(address.query) >= len("token=") + 32
    assert (address.hostname, served[0][0]) == (socket.gethostname().lower(), "0.0.0.0")
    assert opened.wait(PATIENCE)
    opened.clear()
    assert main(["view", str(run.path), "--no-browser"]) == 0
    assert capsys.readouterr().err == ""
    assert served[1][0] == "127.0.0.1"
    assert not opened.is_set()
