"""Where files come from: the order of places, and downloads from a server of the test's own."""

from __future__ import annotations

import hashlib
import http.server
import threading
from pathlib import Path

import pytest

from layerwise.data import fetch
from layerwise.data.fetch import Remote, locate
from layerwise.foundation.checks import UserError

CONTENT = bytes(range(256)) * 4096  # 1 MiB


class Server(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT; can cut the connection, ignore ranges, or serve other bytes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        state = self.server
        state.ranges.append(self.headers["Range"])
        if state.status != 200:
            self.send_error(state.status)
            return
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        start = start if state.ranged else 0
        body = state.content[start:]
        self.send_response(206 if state.ranged else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: state.cut])
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.content, server.cut, server.ranged, server.status = CONTENT, None, True, 200
        server.ranges = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def remote(server):
    url = f"http://127.0.0.1:{server.server_port}/folder/data.bin.gz"
    return Remote(url, len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), unpacked="data.bin")


# downloads


def test_a_download_lands_in_the_cache_and_is_not_repeated(server, remote, cache):
    (path,) = locate("made", [remote])
    assert path == cache / "made" / "data.bin.gz"
    assert path.read_bytes() == CONTENT
    assert locate("made", [remote]) == [path]
    assert len(server.ranges) == 1
    assert [p.name for p in path.parent.iterdir()] == ["data.bin.gz"]


@pytest.mark.parametrize("ranged", [True, False], ids=["ranges", "no ranges"])
def test_a_cut_download_goes_on(server, remote, cache, ranged):
    server.cut, server.ranged = 600_000, ranged
    with pytest.raises(UserError, match=r"Run it again to go on, or put data\.bin\.gz into"):
        locate("made", [remote])
    assert not (cache / "made" / "data.bin.gz").exists()
    have = (cache / "made" / "data.bin.gz.part").stat().st_size
    assert 0 < have <= 600_000
    server.cut = None
    (path,) = locate("made", [remote])
    assert path.read_bytes() == CONTENT
    assert server.ranges == ["bytes=0-", f"bytes={have}-"]
    assert [p.name for p in path.parent.iterdir()] == ["data.bin.gz"]


def test_a_complete_part_needs_no_request(server, remote, cache):
    (cache / "made").mkdir()
    (cache / "made" / "data.bin.gz.part").write_bytes(CONTENT)
    (path,) = locate("made", [remote])
    assert path.read_bytes() == CONTENT
    assert server.ranges == []


@pytest.mark.parametrize("spoil", ["server", "part"])
def test_other_bytes_are_refused_and_deleted(server, remote, cache, spoil):
    if spoil == "server":
        server.content = CONTENT[:-1] + b"!"
    else:
        (cache / "made").mkdir()
        (cache / "made" / "data.bin.gz.part").write_bytes(b"!" * 500)
    with pytest.raises(UserError, match=rf"a file with SHA-256 {remote.sha256}; got other bytes"):
        locate("made", [remote])
    assert list((cache / "made").iterdir()) == []
    server.content = CONTENT
    assert locate("made", [remote])[0].read_bytes() == CONTENT


@pytest.mark.parametrize("status", [404, 416, 503])
def test_a_refusing_server_is_one_sentence(server, remote, status):
    server.status = status
    with pytest.raises(UserError, match="got HTTPError"):
        locate("made", [remote])


@pytest.mark.usefixtures("no_network")
def test_without_a_network_the_sentence_says_which_files_go_where(cache):
    remotes = [Remote(f"https://example.org/{name}", 9, "0" * 64) for name in ("a.gz", "b.gz")]
    with pytest.raises(UserError) as caught:
        locate("made", remotes)
    message = str(caught.value)
    for part in (
        "https://example.org/a.gz",
        "a.gz and b.gz",
        str(cache / "made"),
        "LAYERWISE_DATA",
    ):
        assert part in message
    assert "\n" not in message


def test_a_cache_that_cannot_be_written_is_one_sentence(cache, remote):
    (cache / "made").write_text("a file where the folder should be")
    with pytest.raises(UserError, match=r"File exists|Not a directory"):
        locate("made", [remote])


# places

A, B = (Remote(f"https://example.org/{n}.gz", 1, "0" * 64, unpacked=n) for n in "ab")


def put(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


@pytest.mark.usefixtures("no_network")
def test_the_argument_beats_the_variable_beats_the_cache(tmp_path, cache, monkeypatch):
    places = [
        put(tmp_path / "argument" / "made", "a.gz", "b"),
        put(tmp_path / "variable" / "made", "a.gz", "b.gz"),
        put(cache / "made", "a", "b"),
    ]
    monkeypatch.setenv(fetch.VARIABLE, str(tmp_path / "variable"))
    argument = tmp_path / "argument"
    for place in places:
        assert locate("made", [A, B], data_dir=argument)[0].parent == place
        (place / "a.gz").unlink(missing_ok=True)  # half a set does not count
        (place / "a").unlink(missing_ok=True)
    with pytest.raises(UserError):
        locate("made", [A, B], data_dir=argument)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("below", "found"), [("made", True), ("MADE/raw", True), (".", True), ("other", False)]
)
def test_a_data_folder_is_the_set_or_holds_it(tmp_path, below, found):
    put(tmp_path / below, "a.gz")
    if found:
        paths = locate("made", [A], layouts=["MADE/raw"], data_dir=tmp_path)
        assert paths[0].samefile(tmp_path / below / "a.gz")
    else:
        with pytest.raises(UserError):
            locate("made", [A], layouts=["MADE/raw"], data_dir=tmp_path)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("folder", "found"), [("made", True), ("Made-2", True), ("fashion", False)]
)
def test_the_variable_may_name_a_set_but_does_not_answer_for_others(
    tmp_path, monkeypatch, folder, found
):
    monkeypatch.setenv(fetch.VARIABLE, str(put(tmp_path / folder, "a.gz")))
    if found:
        assert locate("made", [A]) == [tmp_path / folder / "a.gz"]
    else:
        with pytest.raises(UserError):
            locate("made", [A])


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("file", "found"),
    [("set1.npz", True), ("set1_small.npz", True), ("SET1-x.npz", True), ("set10.npz", False),
     ("my_set1.npz", False), ("other.npz", False)],
)  # fmt: skip
def test_an_npz_of_the_name_stands_for_the_files(tmp_path, file, found):
    put(tmp_path / "set1", file)
    if found:
        assert locate("set1", [A, B], data_dir=tmp_path) == [tmp_path / "set1" / file]
    else:
        with pytest.raises(UserError):
            locate("set1", [A, B], data_dir=tmp_path)


def test_the_published_files_beat_an_npz(tmp_path):
    put(tmp_path / "made", "made.npz", "a.gz")
    assert locate("made", [A], data_dir=tmp_path)[0].name == "a.gz"


def test_folders_that_do_not_exist_are_named(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"data_dir must be a folder that exists; got '.*nowhere'"):
        locate("made", [A], data_dir=tmp_path / "nowhere")
    monkeypatch.setenv(fetch.VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(UserError, match="LAYERWISE_DATA must be a folder that exists"):
        locate("made", [A])
