"""How the numbers came about, what they do not say, and how to make them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from layerwise.report import reading
from layerwise.report.blocks import Block, Code, Note, Section, Table
from layerwise.report.scores import Scores

if TYPE_CHECKING:
    from layerwise.store import Run

METHOD = (
    "Each layer of the network was recorded once for the same observations. A map places "
    "observations with similar activations close together; its axes have no meaning and no unit, "
    "and distances between far groups say little."
)
HIT = (
    "Neighbourhood hit: the share of an observation's k nearest neighbours (itself excluded) that "
    "have its class, averaged; computed in the 2-D map and among the activations themselves (n-D). "
    "Trustworthiness and continuity say whether near points of the map are near in the layer, and "
    "the reverse. Shuffled labels give the floor: what the score is without any structure."
)
DIFFERENCE = (
    "A difference is called one if it exceeds twice its standard error: over seeds where there are "
    "several, else that of a share of n independent observations. ± is the standard deviation over "
    "seeds; a single run has none, and says nothing about the next."
)
LIMITS = (
    "Limits: a map is one of many that fit the layer equally well. A layer that separates classes "
    "well need not be the one the network decides by, and untrained networks separate classes too. "
    "Recorded activations are those of this sample only."
)

ASIDE = ("published", "figures")
"""Settings that stand elsewhere on the page, beside the numbers and pictures they are about."""


def method(runs: Sequence[Run]) -> Section:
    """Return the section."""
    run = runs[0]
    folders = " ".join(map(reading.folder, runs))
    texts = [METHOD, *([HIT, DIFFERENCE] if Scores.of(runs) else []), LIMITS]
    commands = [str(one.provenance["command"]) for one in runs if one.provenance.get("command")]
    blocks: list[Block] = [Note(text) for text in texts]
    blocks.append(Note("To make this page again:"))
    blocks.append(Code("\n".join([*dict.fromkeys(commands), f"layerwise report {folders}"])))
    for one in runs:
        settings = {key: value for key, value in one.provenance.items() if key not in ASIDE}
        rows = [*_flat(settings), *_flat(one.fingerprint, "fingerprint")]
        if rows:
            caption = f"Provenance of {reading.folder(one)}"
            blocks.append(Table(("setting", "value"), tuple(rows), caption))
    blocks.append(Note(
        f"The folder {reading.folder(run)} holds the activations as .npy files and every result as "
        "a Parquet table; numpy and pandas read them without layerwise."
    ))  # fmt: skip
    return Section("method", "Method and limits", tuple(blocks))


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted name, text) for nested settings."""
    for key, value in values.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from _flat(value, name)
        elif isinstance(value, list | tuple):
            yield name, ", ".join(map(str, value))
        elif value not in ("", None):
            yield name, str(value)
