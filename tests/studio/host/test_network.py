"""A live network asked by the page: what it is asked, what goes back, and what never gets through.

Reference (bytes decoded by loops), contract (hostile fields), outcome (who leaves is forgotten).
"""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.studio.asking import Asked
from tests.studio.hosting import Desk, hosted
from tests.studio.odd import ATTACK, odd_run

from layerwise.foundation.checks import UserError
from layerwise.store import Layer, Run
from layerwise.studio.data import Contents
from layerwise.studio.host import network, questions

N = 30
WHAT = {"run": 0, "checkpoint": 1, "observation": 4, "method": "gradient"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    subset = np.where(np.arange(N) % 2 == 1, "train", "test")
    folder = tmp_path_factory.mktemp("network") / "run"
    return odd_run(folder, n=N, maps=False, columns={"subset": subset})


@pytest.fixture(scope="module")
def contents(run: Run) -> Contents:
    return Contents([run], subset="test", live=True, attributions=Asked.methods)


def values(answer: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return the map of an answer, decoded number by number."""
    rows, columns = answer["shape"]
    found = np.empty((rows, columns))
    for k, code in enumerate(base64.b64decode(answer["codes"])):
        signed = code - 256 if code > 127 else code
        found[k // columns, k % columns] = signed / 127 * answer["limit"]
    return found


@pytest.mark.parametrize("shape", [(5, 7), (9,), (1, 1), (3, 4, 5)])
def test_reference_a_map_comes_back_to_half_a_step(shape: tuple[int, ...]) -> None:
    given = np.random.default_rng(0).normal(size=shape)
    answer = network.drawn(given)
    plane = given.sum(axis=0) if given.ndim == 3 else np.atleast_2d(given)
    assert answer["limit"] == answer["largest"] == pytest.approx(np.abs(plane).max(), rel=1e-5)
    assert answer["sum"] == pytest.approx(given.sum(), rel=1e-5)
    np.testing.assert_allclose(values(answer), plane, atol=answer["limit"] / 253)


@pytest.mark.parametrize("shape", [(230, 3), (500, 449), (1, 1000), (40, 40)])
def test_reference_large_maps_are_averaged_over_squares(shape: tuple[int, int]) -> None:
    given = np.random.default_rng(0).normal(size=shape)
    answer = network.drawn(given)
    steps = [-(-side // network.LARGEST_SIDE) for side in shape]
    expected = np.array([
        [given[y : y + steps[0], x : x + steps[1]].mean() for x in range(0, shape[1], steps[1])]
        for y in range(0, shape[0], steps[0])
    ])  # fmt: skip
    assert max(answer["shape"]) <= network.LARGEST_SIDE
    sizes = np.sort(np.abs(expected), axis=None)
    end = sizes[-1]
    if expected.size >= network.MANY:  # all but the strongest half percent are told apart
        end = answer["limit"]
        assert (sizes > end).mean() == pytest.approx(0.005, abs=2 / expected.size)
    assert answer["largest"] == pytest.approx(sizes[-1], rel=1e-5)
    np.testing.assert_allclose(values(answer), expected.clip(-end, end), atol=end / 250)


def test_a_map_of_zeros_and_one_that_is_not_finite() -> None:
    assert network.drawn(np.zeros((2, 2)))["limit"] == 0
    for bad in (np.nan, np.inf):
        with pytest.raises(UserError, match="must be finite"):
            network.drawn(np.array([[0.0, bad]]))


def test_what_the_network_says_beside_it() -> None:
    answer = {"target": "logit:1", "value": np.float32(2), "channels": 3, "output": None}
    assert network.said(answer)["predicted"] is None
    answer["output"] = np.array([np.nan, 1.0])
    assert network.said(answer)["share"] is None
    answer["value"] = np.nan
    assert network.said(answer)["value"] is None


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({}, {"layer": None, "unit": None}),
        ({"unit": 2}, {"layer": None, "unit": 2}),
        ({"layer": 1, "unit": 5}, {"layer": "layer2", "unit": 5}),
        ({"layer": None, "unit": None}, {"layer": None, "unit": None}),
    ],
)
def test_the_question_is_put_in_the_names_of_the_run(
    contents: Contents, more: dict[str, Any], asked: dict[str, Any]
) -> None:
    ask = Asked()
    answer = questions.ask(contents, "attribution", {**WHAT, **more}, ask)
    assert ask.questions == [
        {"run": "run", "checkpoint": "epoch-001", "row": 8, "method": "gradient", **asked}
    ]
    json.dumps(answer, allow_nan=False)
    assert (answer["predicted"], answer["classes"], answer["value"]) == (0, 3, 8.5)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"observation": N // 2}, "observation must be an integer in [0, 14]"),
    ({"observation": -1}, "observation must be"),
    ({"observation": "4"}, "observation must be"),
    ({"checkpoint": 2}, "checkpoint must be"),
    ({"run": 1}, "run must be"),
    ({"method": "magic"}, "method must be one of gradient, occlusion"),
    ({"method": None}, "method must be"),
    ({"method": ["gradient"]}, "method must be text"),
    ({"layer": 1}, "unit must be an integer"),
    ({"layer": 99, "unit": 0}, "layer must be an integer"),
    ({"layer": "layer2", "unit": 0}, "layer must be an integer"),
    ({"layer": 1, "unit": 24}, "unit must be an integer in [0, 23]"),
    ({"layer": 1, "unit": 1.5}, "unit must be an integer"),
    ({"unit": -1}, "unit must be an integer"),
    ({"unit": 2**40}, "unit must be an integer"),
    ({"unit": True}, "unit must be an integer"),
    ({"data": "other"}, "Reload the page"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD)
def test_contract_a_hostile_question_never_reaches_the_network(
    contents: Contents, change: dict[str, Any], sentence: str
) -> None:
    ask = Asked()
    with pytest.raises(UserError) as error:
        questions.ask(contents, "attribution", {**WHAT, **change}, ask)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert ask.questions == []


def test_without_a_network_one_sentence_says_how_to_start_with_it(contents: Contents) -> None:
    with pytest.raises(UserError, match="layerwise view RUN --model"):
        questions.ask(contents, "attribution", WHAT)


def test_a_hostile_layer_name_is_a_name(tmp_path: Path) -> None:
    for name in (ATTACK, "*", "conv:3@max", "../../etc/passwd", "logit:1"):
        layer = Layer(name, (2,), "float32", "ReLU")
        run = Run.create(tmp_path / str(hash(name)), n_observations=2, rows_per_part=2,
                         layers=[layer], fingerprint={}, provenance={})  # fmt: skip
        with run.lock():
            run.add_checkpoint("last", fingerprint="w")
            with run.write("last", 0) as append:
                append(name, np.eye(2, dtype=np.float32))
        ask = Asked()
        body = {"run": 0, "checkpoint": 0, "observation": 1, "method": "gradient", "layer": 0}
        questions.ask(Contents(run, live=True), "attribution", {**body, "unit": 1}, ask)
        assert ask.questions[0]["layer"] == name


def test_the_manifest_says_which_methods_there_are(run: Run, contents: Contents) -> None:
    assert contents.manifest()["attributions"] == ["gradient", "occlusion"]
    assert Contents(run, live=True).manifest()["attributions"] == []


def test_over_http_behind_the_same_guard(contents: Contents) -> None:
    ask = Asked()
    with hosted(contents, Desk(), ask=ask) as host:
        answer = host.post("/ask/attribution", WHAT)
        assert (answer.status, json.loads(answer.body)["shape"]) == (200, [12, 12])
        for refused, change in (
            (403, {"Cookie": None}), (403, {"Origin": "http://evil.example"}),
            (403, {"Sec_Fetch_Site": "cross-site"}), (421, {"Host": "evil.example"}),
            (415, {"Content_Type": "text/plain"}),
        ):  # fmt: skip
            assert host.post("/ask/attribution", WHAT, **change).status == refused
        assert host.post("/ask/attribution", {**WHAT, "unit": "x"}).status == 400
    assert len(ask.questions) == 1


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_outcome_a_page_that_leaves_is_forgotten(contents: Contents) -> None:
    ask = Asked(slow=True)
    with hosted(contents, Desk(), ask=ask) as host:
        body = json.dumps(WHAT).encode()
        head = [
            "POST /ask/attribution HTTP/1.1", *(f"{k}: {v}" for k, v in host.headers.items()),
            f"Origin: http://127.0.0.1:{host.port}", "Content-Type: application/json",
            f"Content-Length: {len(body)}", "", "",
        ]  # fmt: skip
        with socket.create_connection(("127.0.0.1", host.port), timeout=20) as connection:
            connection.sendall("\r\n".join(head).encode() + body)
            until(lambda: len(ask.questions) == 1)
            assert ask.given_up == []
        until(lambda: ask.given_up == [8])
        ask.go.set()
        assert host.post("/ask/attribution", WHAT).status == 200
