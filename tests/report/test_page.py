"""The page: golden (its text), contract (one file, inert names, same bytes) for any run."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerwise import analysis, report, scores
from layerwise.foundation.checks import InvalidValue

GOLDEN = Path(__file__).with_name("golden.txt")
ATTACK = "</script><img src=x onerror=alert(1)>\"'><b>&amp;"
AFTER = "epoch-015"
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Reads a page as a browser does and keeps what the tests ask for."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.lines: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "img":
            self.lines.append(f"[{dict(attrs)['alt']}]")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip() and self.open[-1] not in ("style", "script"):
            self.lines.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def html(run):
    return report.render([run])


@pytest.fixture(scope="module")
def still(run):
    return report.render([run], interactive=False)


def test_golden_text_of_a_small_run(small, rows, tmp_path):
    """Every number below was made up in this test, so the text is the same on every machine."""
    run = small(tmp_path / "pets", network="a network", data="pets", seed=3, command="run it",
                scale_down="Eight pets, not a million.",
                created="2026-01-02T03:04:05Z", layerwise="0.1.0")  # fmt: skip
    hits = {("epoch-000", "input"): 0.89}
    for checkpoint, low, high in (("epoch-000", 0.8, 0.75), ("epoch-009", 0.9, 0.97)):
        hits |= {(checkpoint, "relu1"): low, (checkpoint, "relu2"): high}
    flat = rows.scores(hits, seed=3, method="tsne", n_neighbors=6)
    run.write_table("scores", flat, {"how": "2-D"})
    run.write_table(
        "scores", rows.scores({("epoch-009", "relu2"): 0.98}, seed=3, score="neighborhood hit n-D",
                              n_neighbors=6, published=0.9836, source="Somebody 2017"),
        {"how": "n-D"},
    )  # fmt: skip
    how = {"method": "tsne", "parameters": {"perplexity": 5}, "random_state": 0}
    run.write_table("projections", rows.maps(run), how)
    run.write_table("predictions", rows.predictions(run, 2), {})
    history = {"epoch": [0, 9], "train_loss": [2.3, 0.1], "test_accuracy": [0.5, 0.75]}
    run.write_table("training", pd.DataFrame(history), {})
    text = Page(report.render([run])).text
    if not GOLDEN.exists():
        GOLDEN.write_text(text, encoding="utf-8")
        pytest.fail(f"{GOLDEN.name} was missing and is written now: read it, then commit it")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_page_is_well_formed_and_loads_nothing(html):
    page = Page(html)
    for _, attributes in page.tags:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:image/png;base64,"))
        assert not [name for name in attributes if name.startswith("on")]
    head = re.sub(r'url\("data:image/svg[^"]*"\)', "", html.split("<body>")[0])
    assert not re.search(r"url\(|@import|https?:", head)
    assert not page.all("link")
    assert [(one.get("type"), one.get("id")) for one in page.all("script")] == [
        ("application/json", "studio-manifest"), ("application/json", "studio-index"),
        ("application/octet-stream", "studio-data"), (None, None),
    ]  # fmt: skip


def test_a_still_page_is_the_same_without_the_studio(html, still):
    assert not Page(still).all("script")
    assert "layerwise-studio" not in still
    moving, quiet = ([s["id"] for s in Page(text).all("section")] for text in (html, still))
    assert moving == [*quiet[:1], "explore", *quiet[1:]]
    assert Page(still).all("img") == Page(html).all("img")


def test_the_sheets_of_page_and_studio_share_no_class(html):
    """So neither dresses what is the other's; the page's elements are reached as children only."""
    ours, studio = re.findall(r"<style>(.*?)</style>", html, re.S)
    classes = [set(re.findall(r"\.([a-z][\w-]*)", sheet)) for sheet in (ours, studio)]
    assert classes[0] & classes[1] == set()
    plain = (
        r"(?:^|[}\n])\s*(?:section|table|t[hdr]|h[12]|nav|figure|figcaption|details|dl|p)\b[^{]*\{"
    )
    assert not re.search(plain, ours.split("@media print")[0])


def test_every_anchor_has_its_target_and_every_picture_its_size_and_words(html):
    page = Page(html)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.all("a")} <= set(ids)
    pictures = page.all("img")
    assert len(pictures) == 8
    for picture in pictures:
        assert 100 < int(picture["width"]) <= 920
        assert int(picture["height"]) > 100
        assert len(picture["alt"]) > 20


def test_policy_allows_the_script_of_the_studio_by_its_hash_and_no_other(html, still):
    def policy(text):
        return next(m for m in Page(text).all("meta") if "http-equiv" in m)["content"]

    assert policy(still).startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert "script-src" not in policy(still)
    (source,) = re.findall(r"<script>(.*?)</script>", html, re.S)
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    assert "img-src data: blob:; style-src 'unsafe-inline'" in policy(html)
    assert policy(html).endswith(f"media-src data: blob:; script-src 'sha256-{digest}'")


def test_names_are_text_wherever_they_stand(small, rows, tmp_path):
    run = small(
        tmp_path / "x<b>", layers=(ATTACK, "relu2"), classes=(ATTACK, "$\\frac{$ 猫"), label=ATTACK,
        network=ATTACK, data=ATTACK, command=ATTACK, scale_down=ATTACK, seed=ATTACK,
        settings={ATTACK: [ATTACK]}, figures={"neurons": ATTACK, "evolution over epochs": ATTACK},
    )  # fmt: skip
    asked_of_the_layer(run, rows, ATTACK)
    hits = {(time, layer): 0.8 for time in run.checkpoints for layer in (ATTACK, "relu2")}
    run.write_table("scores", rows.scores(hits, published=0.9, source=ATTACK), {})
    run.write_table("projections", rows.maps(run), {"method": "tsne"})
    run.write_table("predictions", rows.predictions(run, 2), {})
    html = report.render([run])
    page = Page(html)
    assert len(page.all("script")) == 4
    assert not page.all("b") or all("onerror" not in tag for _, tag in page.tags)
    assert {image["src"][:5] for image in page.all("img")} == {"data:"}
    assert page.text.count(ATTACK) > 10
    assert "<img src=x" not in html


def asked_of_the_layer(run, rows, layer):
    """Write the tables of evolution, neurons, revelations and hypotheses by hand."""
    time, n = run.checkpoints[-1], run.n_observations
    maps = rows.evolution(run, "epochs", layer, "joint")
    run.write_table("evolution", maps, {"function": "evolve"})
    trails = maps.rename(columns={"time": "place"}).assign(time=0.0)
    run.write_table("trails", trails.drop(columns=["layer", "checkpoint"]), {})
    values = {scores.SPREAD_2D: (0.9, 0.5), scores.SPREAD_ND: (0.9, 0.5)}
    run.write_table("motion", rows.motion("epochs", layer, "joint", values), {})
    run.write_table("units", rows.units(layer, time, 2), {})
    run.write_table("discrimination", rows.ranking(layer, time, np.array([[0.1, 0.2], [0, 0.3]])),
                    {"ranking": "forest"})  # fmt: skip
    run.write_table("outliers", rows.outliers(layer, time, [0, 1]), {})
    place = {"layer": layer, "checkpoint": time, "subset": "", "method": "tsne"}
    run.write_table("confusions", pd.DataFrame({
        **place, "class": [0, 0, 1, 1], "other": [0, 1, 0, 1], "neighbors": 0.5, "predicted": 0.5,
    }), {})  # fmt: skip
    pieces = {**place, "observation": range(n), "class": [k % 2 for k in range(n)],
              "cluster": [k // 2 % 2 for k in range(n)]}  # fmt: skip
    run.write_table("subclusters", pd.DataFrame({**pieces, "silhouette": 0.5}), {})
    run.write_table("polarity", pd.DataFrame({
        **pieces, "transform": "as is", "x": range(n), "y": range(n), "polarity": 0.5,
    }), {})  # fmt: skip
    run.write_table("hypotheses", rows.hypotheses(ATTACK).assign(verdict=ATTACK), {})


def test_a_run_of_everything_has_all_sections_in_order_and_stays_small(everything):
    html = everything.read_text(encoding="utf-8")
    page = Page(html)
    assert [s["id"] for s in page.all("section")] == [
        "findings", "explore", "hypotheses", "layers", "maps", "reveal", "evolution", "neurons",
        "errors", "training", "health", "method",
    ]  # fmt: skip
    assert len(html) < 4_000_000
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.all("a")} <= set(ids)
    assert len(page.all("img")) == 8 + 5 + 6 + 3
    for picture in page.all("img"):
        assert int(picture["width"]) <= 920
        assert len(picture["alt"]) > 40
    assert "After Fig. 3b of Rauber et al. 2017." in page.text
    assert "figures.neurons" not in page.text


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=30))
def test_any_title_comes_back_as_the_text_it_is(small, tmp_path_factory, name):
    run = small(tmp_path_factory.mktemp("any") / "run", classes=(), title=name, network="net")
    path = report.write([run], tmp_path_factory.mktemp("page") / "report.html")
    page = Page(path.read_text(encoding="utf-8"))
    assert not page.all("script")
    assert {tag for tag, _ in page.tags} <= {
        "html", "head", "meta", "title", "style", "body", "header", "p", "h1", "dl", "div", "dt",
        "dd", "nav", "ol", "li", "a", "main", "section", "h2", "span", "table", "thead", "tr", "th",
        "tbody", "td", "pre", "code", "footer",
    }  # fmt: skip


def test_same_runs_same_bytes(small, rows, tmp_path):
    run = small(tmp_path / "run")
    run.write_table("projections", rows.maps(run), {"method": "tsne"})
    run.write_table("predictions", rows.predictions(run, 2), {})
    first = report.write([run], tmp_path / "a.html")
    again = report.write([type(run).open(run.path)], tmp_path / "b.html")
    assert first.read_bytes() == again.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html", "run"]


def test_a_run_mapped_and_scored_in_two_ways_has_its_own_numbers_under_each_map(
    make, tmp_path, monkeypatch
):
    run = make(tmp_path / "run", tables=("predictions",))
    value = {}
    for method in ("tsne", "pca"):
        for layer, checkpoint in itertools.product(("relu1", "relu3"), run.checkpoints):
            about = {"layer": layer, "checkpoint": checkpoint, "subset": "test"}
            settings = {"perplexity": 10.0} if method == "tsne" else {}
            placed = analysis.project(run, method=method, **about, **settings)
            for k in (6, 3) if method == "tsne" else (6,):
                found = analysis.score(run, projection=placed, n_neighbors=k, **about)
                for name, number in zip(found["score"], found["value"], strict=True):
                    value[method, layer, checkpoint, k, name] = number
    captions, alone = [], report.maps.figures.small_multiples

    def watched(panels, **settings):
        captions.append([panel.caption for panel in panels])
        return alone(panels, **settings)

    monkeypatch.setattr(report.maps.figures, "small_multiples", watched)
    page = Page(report.render([run]))
    expected = [
        [
            f"2-D {100 * value[method, layer, time, 6, scores.HIT_2D]:.1f}\xa0%   "
            f"n-D {100 * value[method, layer, time, 6, scores.HIT_ND]:.1f}\xa0%"
            for time in run.checkpoints for layer in ("relu1", "relu3")
        ]
        for method in ("tsne", "pca")
    ]  # fmt: skip
    assert captions == expected
    assert expected[0] != expected[1]
    assert "Findings and figures are about t-SNE maps and k = 6 neighbours" in page.text
    assert "Share of the 6 nearest neighbours" in page.text
    first, second = (page.text.index(f"Scores of {name}, k = 6.") for name in ("t-SNE", "PCA"))
    assert first < second
    other = page.text.split("The other scores")[1].split("\nMaps\n")[0]
    third = value["tsne", "relu3", AFTER, 3, scores.TRUSTWORTHINESS]
    assert f"trustworthiness\nt-SNE\n3\ntest\nrelu3\n{AFTER}\n{100 * third:.1f} %" in other


def test_several_seeds_show_their_spread(seeds):
    text = Page(report.render(seeds)).text.replace("\xa0", " ")
    assert re.search(r"After training, \d+\.\d ± \d+\.\d % of the neighbours", text)
    assert "standard deviation over 2 seeds" in text
    assert "Maps of the first of 2 runs" in text


def test_page_stays_small_and_says_what_takes_the_room(html):
    assert len(html) < 5_000_000
    sizes = report.sizes(html)
    sections = [name for name in sizes if not name.startswith("explore: ")]
    assert sections == ["page", "findings", "explore", "layers", "maps", "errors", "training",
                        "health", "method"]  # fmt: skip
    assert {"explore: code", "explore: maps", "explore: thumbnails"} < set(sizes)
    assert sum(sizes.values()) == len(html.encode())
    assert sizes["explore: code"] > 10_000


@pytest.mark.parametrize("missing", ["projections", "scores", "predictions", "training"])
def test_without_a_table_the_rest_still_stands(small, rows, tmp_path, missing):
    run = small(tmp_path / "run")
    tables = {
        "projections": rows.maps(run, ("relu2",)),
        "scores": rows.scores({("epoch-009", "relu2"): 0.8}),
        "predictions": rows.predictions(run, 2),
        "training": pd.DataFrame({"epoch": [0], "train_loss": [2.3]}),
    }
    for kind in tables.keys() - {missing}:
        run.write_table(kind, tables[kind], {"method": "tsne"})
    page = Page(report.render([run]))
    hint = {"projections": "layerwise project run", "scores": "layerwise score run"}
    assert hint.get(missing, "") in page.text
    gone = {"scores": "layers", "predictions": "errors", "training": "training"}
    assert gone.get(missing) not in [section["id"] for section in page.all("section")]


def test_a_bare_run_of_somebody_s_model_makes_sense(small, tmp_path):
    run = small(tmp_path / "mine", layers=("fc",), classes=(), checkpoints=("latest",))
    page = Page(report.render([run]))
    assert [s["id"] for s in page.all("section")] == ["findings", "maps", "health", "method"]
    assert "This run has no labels" in page.text
    assert "Mine" in page.text


def test_sixty_layers_and_a_hundred_classes_with_long_names(small, rows, tmp_path):
    layers = tuple(f"encoder.blocks.{k}.mlp.activation" for k in range(60))
    classes = tuple(f"the class with the very long name number {k}" for k in range(100))
    run = small(tmp_path / "deep", layers=layers, classes=classes, n=100)
    hits = {(t, layer): 0.5 + k / 200 for t in run.checkpoints for k, layer in enumerate(layers)}
    run.write_table("scores", rows.scores(hits), {})
    run.write_table("projections", rows.maps(run), {"method": "tsne"})
    run.write_table("predictions", rows.predictions(run, 100), {})
    html = report.render([run])
    assert "60: encoder.blocks.0.mlp.activation … encoder.blocks.59.mlp.activation" in html
    assert "10 of 60 layers, evenly spaced" in html
    assert len(html) < 3_000_000
    assert all(int(image["width"]) <= 920 for image in Page(html).all("img"))


def test_labels_without_names_and_words_as_labels(small, rows, tmp_path):
    run = small(tmp_path / "run", classes=())
    words = ["b", "a"] * 4
    run.write_table("observations", pd.DataFrame({"kind": words}), {})
    run.write_table("predictions", pd.DataFrame({
        "checkpoint": "epoch-009", "observation": range(8), "predicted": ["a"] * 8,
        "correct": [word == "a" for word in words], "confidence": 0.5,
    }), {})  # fmt: skip
    text = Page(report.render([run])).text
    assert "4 of 8 observations are misclassified; most often b is taken for a (4 times)." in text


def test_damage_is_a_warning(small, tmp_path):
    page = Page(report.render([small(tmp_path / "run", bad=2)]))
    assert "Some activations are NaN or infinite" in page.text
    assert {"class": "warning"} in page.all("p")


def test_runs_that_are_not_seeds_of_one_network_are_refused(small, tmp_path):
    one = small(tmp_path / "a", network="a")
    other = small(tmp_path / "b", network="b")
    wider = small(tmp_path / "c", network="a", layers=("relu1", "relu2", "relu3"))
    empty = small(tmp_path / "d", network="a", checkpoints=(), classes=())
    with pytest.raises(InvalidValue, match="seeds of one network; got 'a' and 'b'"):
        report.render([one, other])
    with pytest.raises(InvalidValue, match="recorded at the same layers"):
        report.render([one, wider])
    with pytest.raises(InvalidValue, match="at one checkpoint or more; got d with none"):
        report.render([empty])
    with pytest.raises(InvalidValue, match="at least one run"):
        report.render([])


def test_path_must_be_a_file_in_a_folder(run, tmp_path):
    for path in (tmp_path, tmp_path / "no" / "report.html"):
        with pytest.raises(InvalidValue, match="path must be a file in an existing folder"):
            report.write([run], path)
