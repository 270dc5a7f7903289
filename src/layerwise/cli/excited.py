"""What `layerwise top` looks for: the same units of each layer at every checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from layerwise.cli.chosen import class_word
from layerwise.foundation.checks import integer, not_found

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from layerwise.attribution import TopPatches
    from layerwise.recording import Top

MOST_LAYERS = 3
"""Layers if none are named: of more, the first, the last and between."""


def excited(
    network: Any,
    over: Callable[[], Iterator[str]],
    observations: Any,
    layers: Sequence[str] | None,
    units: Sequence[int] | None,
    strongest: int,
    *,
    n: int,
    rule: str,
    batch_size: int,
) -> dict[str, dict[str, TopPatches]]:
    """Return the patches of the same units of each layer at each checkpoint.

    Parameters
    ----------
    network : whose weights each step of `over` changes
    over : yields the names of the checkpoints, early to late; called twice
    observations : the data
    layers : names or globs; None for some from first to last
    units : their numbers; a layer that has none of them is left out
    strongest : if no unit is named, so many of each layer
    n, rule, batch_size : as of :func:`layerwise.attribution.top_patches`; between the first and the
        last checkpoint of each unit the strongest alone

    Raises
    ------
    InvalidValue
        If a unit is named that no layer has.
    """
    from layerwise import analysis
    from layerwise.attribution import top_patches
    from layerwise.network import keep_freed_memory
    from layerwise.recording import top as top_of

    keep_freed_memory()  # this process does nothing else: convolutions are a third faster
    found = {
        name: top_of(network, observations, layers, n=n, batch_size=batch_size) for name in over()
    }
    *_, last = found.values()
    shown = list(last) if layers else _spaced(last)
    for unit in units or ():
        integer("top", "--units", unit, 0, max(len(last[one].rows) for one in shown) - 1)
    chosen: dict[str, Sequence[int] | np.ndarray[Any, Any]] = {}
    for one in shown:
        n_units = len(last[one].rows)
        if units is None:
            best = analysis.strongest_units(last[one], strongest)
            chosen[one] = best if len(best) else [0]  # all are silent, which one unit says
        elif own := [unit for unit in units if unit < n_units]:
            chosen[one] = own
    ends = (next(iter(found)), list(found)[-1])
    return {
        name: {
            one: top_patches(
                network, observations, found[name][one], some, rule=rule, batch_size=batch_size,
                ranks=None if name in ends else 1,
            )
            for one, some in chosen.items()
        }
        for name in over()
    }  # fmt: skip


def class_of_each(observations: Any, label: str | None) -> list[str] | None:
    """Return the class of every observation in words, or None if the data do not say.

    Raises
    ------
    NotFound
        If there is no such label column.
    """
    from layerwise.recording.source import as_source

    source = as_source(observations)
    if label is not None and label not in source.labels:
        raise not_found("label column", label, "the data", source.labels)
    column = label or next(iter(source.labels), None)
    if column is None:
        return None
    names, values = source.class_names.get(column), source.labels[column]
    words = [class_word(names, value) for value in values.tolist()]
    return [f"{column} {word}" if word.isdigit() else word for word in words]


def records(patches: TopPatches, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a record a unit: its strongest observations, and the class that most of them share.

    Parameters
    ----------
    patches : of the chosen units
    table : of all units of the layer, from :func:`layerwise.analysis.top_table`
    """
    from layerwise import analysis

    best = analysis.top_classes(table).set_index("unit").to_dict("index")
    found = []
    for unit in patches.units.tolist():
        own = table[table["unit"] == unit]
        # Where all activations are minus infinity there is no observation.
        first = own.iloc[0] if len(own) else dict.fromkeys(own.columns)
        found.append({
            "layer": patches.top.layer, "unit": unit, "silent": bool(patches.top.silent[unit]),
            "value": first["value"], "position": first["position"],
            "box": [first[name] for name in ("y0", "y1", "x0", "x1")],
            "observations": own["observation"].tolist(), "values": own["value"].tolist(),
            **{name: best.get(unit, {}).get(name) for name in ("class", "agree")},
        })  # fmt: skip
    return found


def _spaced(tops: Mapping[str, Top]) -> list[str]:
    """Return some of many layers, those that shape what another computes left out."""
    import pandas as pd

    from layerwise import analysis

    table = pd.DataFrame([
        {"layer": name, "kind": one.kind,
         "shape": f"{len(one.rows)} {'' if one.field is None else one.field.positions}"}
        for name, one in tops.items()
    ])  # fmt: skip
    names = analysis.main_layers(table)
    last, n = len(names) - 1, min(len(names), MOST_LAYERS)
    return [names[round(k * last / max(n - 1, 1))] for k in range(n)]
