"""`layerwise attack`: adversarial samples, accuracy against their radius, where the twins go."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.chosen import Chosen
from layerwise.cli.inputs import (
    UNTRAINED,
    drawn_anew,
    kept_names,
    load_model,
    open_run,
    whole_numbers,
    with_weights,
)
from layerwise.cli.output import percent, print_json, print_table
from layerwise.cli.study import command_line
from layerwise.foundation.checks import InvalidValue, choice, integer, invalid

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from torch import nn

    from layerwise.store import Run
    from layerwise.synthesis import Adversarial

RADII = {"l2": "0.25,0.5,1,1.5,2,3", "linf": "0.02,0.05,0.1,0.15,0.2,0.3"}
"""For inputs in [0, 1] of the size of MNIST."""

FREE = ("minimal", "ascent")

NEIGHBORS = 10
"""Originals among which a twin is placed; fewer in a smaller run."""

Pair = Annotated[
    str,
    typer.Option(help="A number, or one per channel with commas, of what the network takes; none "
                 "for no bound."),
]  # fmt: skip


def attack(
    model: options.Model,
    weights: options.Weights = None,
    data: options.Data = "digits",
    split: options.Split = "test",
    data_dir: options.DataDir = None,
    n: Annotated[int, typer.Option("-n", help="Attack a seeded sample of this many.")] = 200,
    method: Annotated[
        str, typer.Option(help="fgsm, pgd, ascent (of the loss) or minimal (the nearest twin).")
    ] = "pgd",
    norm: Annotated[str, typer.Option(help="l2 or linf.")] = "l2",
    radius: Annotated[
        str | None,
        typer.Option(
            help="Lengths with commas, in units of the input. Default: "
            f"{RADII['l2']} (l2), {RADII['linf']} (linf).",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        int | None,
        typer.Option(help="Class to reach; default: any other.", show_default=False),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Iterations; default: of the method.", show_default=False)
    ] = None,
    starts: Annotated[int, typer.Option(help="Of pgd; all but the first are random.")] = 1,
    rate: Annotated[float, typer.Option(help="Of ascent: what the gradient is multiplied by.")] = (
        0.1
    ),
    lower: Pair = "0",
    upper: Pair = "1",
    observation: Annotated[
        str | None,
        typer.Option(
            help="Attack these rows of the data alone, for example 0,3,7; the figure shows them.",
            show_default=False,
        ),
    ] = None,
    control: Annotated[
        bool,
        typer.Option(
            help="Also attack the same architecture with weights drawn anew, if there is one file "
            "of weights or none."
        ),
    ] = True,
    to: options.To = None,
    twins: Annotated[
        int,
        typer.Option(help="Observations of that run to follow through its layers."),
    ] = 100,
    figure: options.Figure = None,
    seed: options.Seed = 0,
    trust_pickle: options.TrustPickle = None,
    json: options.Json = False,
) -> None:
    """Deceive a network by small changes of its inputs, and say how small they are.

    Accuracy against the radius of the attack, with random steps of the same length and the
    untrained network as controls. With --to also where in a recorded network the twins change
    sides.

    Example: layerwise attack mymodel.py:Net --weights net.pt --data mnist --method pgd --norm l2
    --radius 0.5,1,2 --figure radius.png
    """
    import pandas as pd

    from layerwise import analysis, figures

    settings = _Settings.of(method, norm, radius, target, steps, starts, rate, lower, upper, seed)
    run = None if to is None else open_run(to)
    network, files = load_model(model), weights or []
    names = kept_names(files, to, "attacks")
    rows = [] if observation is None else whole_numbers(observation, "--observation")
    chosen = Chosen.of("attack", data, split, data_dir, rows, None if rows else n, seed)
    curves: list[pd.DataFrame] = []
    single: list[dict[str, Any]] = []
    for name in with_weights(network, files, names, trust_pickle, run):
        if rows:
            found = settings.strongest(network, chosen.inputs)
            single += _one_by_one(found, chosen, name)
        else:
            curves.append(settings.curve(network, chosen).assign(checkpoint=name or "as it is"))
        if run is not None:
            _follow(run, network, settings, name, twins)
    if control and not rows and (other := drawn_anew(network, names, seed)):
        curves.append(settings.curve(other, chosen).assign(checkpoint=UNTRAINED))
    if run is not None:
        for curve in curves:
            name = str(curve["checkpoint"].iloc[0])
            if name in names or name not in run.checkpoints:  # else it is another untrained one
                analysis.keep_attacks(run, curve, checkpoint=name)
    if figure is not None:
        drawn = (
            _samples(found, settings, chosen) if rows else figures.radius_curves(pd.concat(curves))
        )
        figures.save(drawn, figure)
    table = pd.concat(curves, ignore_index=True).to_dict("records") if curves else []
    if json:
        print_json(rows=table, observations=single, run=to, figure=figure,
                   command=command_line())  # fmt: skip
        return
    if rows:
        _print_twins(single, settings)
    else:
        _print_curves(table, settings)
    if figure is not None:
        print(f"figure: {figure}")
    if run is not None:
        print(f"run: {to}\nnext: layerwise report {to}")


@dataclass(frozen=True)
class _Settings:
    """What is asked of an attack."""

    method: str
    norm: str
    radii: tuple[float, ...]
    seed: int
    common: Mapping[str, Any]
    bounds: Mapping[str, Any]

    @classmethod
    def of(
        cls, method: str, norm: str, radius: str | None, target: int | None, steps: int | None,
        starts: int, rate: float, lower: str, upper: str, seed: int,
    ) -> _Settings:  # fmt: skip
        from layerwise.synthesis.adversarial import METHODS
        from layerwise.synthesis.balls import NORMS

        choice("attack", "--method", method, tuple(METHODS))
        choice("attack", "--norm", norm, NORMS)
        common: dict[str, Any] = {"target": target}
        if steps is not None and method == "fgsm":
            raise invalid("attack", "--steps", "left out with fgsm, which takes one", steps)
        if steps is not None:
            common["steps"] = steps
        if method == "pgd":
            common |= {"starts": starts, "random_state": seed}
        if method == "ascent":
            common["rate"] = rate
        radii = tuple(_numbers(radius or RADII[norm], "--radius"))
        bounds = {"lower": _bound(lower, "--lower"), "upper": _bound(upper, "--upper")}
        return cls(method, norm, radii, seed, common, bounds)

    def curve(self, network: nn.Module, chosen: Chosen) -> pd.DataFrame:
        """Return accuracy against the radius."""
        from layerwise.synthesis import radius_curve

        options = {key: value for key, value in self.common.items() if key != "random_state"}
        return radius_curve(
            network, chosen.inputs, self.radii, labels=chosen.classes, method=self.method,
            norm=self.norm, random_state=self.seed, **self.bounds, **options,
        )  # fmt: skip

    def strongest(self, network: nn.Module, inputs: Any) -> Adversarial:
        """Return the twins at the largest radius, or those of an attack without one."""
        from layerwise.synthesis.adversarial import METHODS

        ball: dict[str, Any] = {"norm": self.norm} if self.method != "ascent" else {}
        if self.method not in FREE:
            ball["radius"] = self.radii[-1]
        found: Adversarial = METHODS[self.method](  # type: ignore[operator]
            network, inputs, **ball, **self.common, **self.bounds
        )
        return found


def _numbers(text: str, option: str) -> list[float]:
    try:
        return sorted(float(number) for number in text.split(","))
    except ValueError:
        raise InvalidValue(f"{option} must be numbers and commas; got {text!r}.") from None


def _bound(text: str, option: str) -> float | list[float] | None:
    """Return a bound of the box: one number, one per channel, or None."""
    if text.strip().lower() == "none":
        return None
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        raise InvalidValue(f"{option} must be numbers and commas, or none; got {text!r}.") from None
    return numbers[0] if len(numbers) == 1 else numbers


def _follow(
    run: Run, network: nn.Module, settings: _Settings, checkpoint: str, at_most: int
) -> None:
    """Attack observations of the run and keep where their twins go."""
    import numpy as np

    from layerwise import analysis
    from layerwise.synthesis import layer_values, random_twins
    from layerwise.synthesis.victim import predicted

    if "input" not in run.layers or run.layer("input").pooling != "flatten":
        raise InvalidValue(
            f"{run.path} must hold the inputs of its observations for their twins to be followed. "
            "Record it with --layer input and the layers that you want to see."
        )
    subset = "test" if "test" in analysis.subsets(run) else ""
    rows = analysis.rows_of(run, subset, integer("attack", "--twins", at_most, 1), settings.seed)
    x = np.asarray(run.activations("input", checkpoint)[rows], dtype=np.float32)
    x = x.reshape(-1, *run.layer("input").shape)
    found = settings.strongest(network, x)
    noisy = random_twins(x, found.l2, random_state=settings.seed, **settings.bounds)
    layers = {name: run.layer(name).pooling for name in run.layers}
    values = [layer_values(network, one, layers) for one in (found.inputs, noisy)]
    analysis.keep_twins(
        run, found, checkpoint=checkpoint, rows=rows, twins=values[0], controls=values[1],
        control_after=predicted(network, noisy), with_maps=True, **settings.bounds,
        radius=None if settings.method in FREE else settings.radii[-1],
        n_neighbors=min(NEIGHBORS, run.n_observations - 2),
    )  # fmt: skip


def _samples(found: Adversarial, settings: _Settings, chosen: Chosen) -> Figure:
    """Return the figure of the twins: pictures, and the prediction per iteration."""
    from layerwise import analysis, figures

    pictures = analysis.sample_pictures(found.originals, found.inputs, **settings.bounds)
    if pictures is None:
        raise InvalidValue("--figure with --observation must come with pictures; got other data.")
    return figures.adversarial_samples(
        pictures.originals, pictures.differences, pictures.twins, pictures.factors,
        found.predictions, found.confidences, after=found.after,
        class_names=chosen.words(int(max(found.predictions.max(), found.after.max()))),
        names=[f"row {row}" for row in chosen.rows],
    )  # fmt: skip


def _one_by_one(found: Adversarial, chosen: Chosen, checkpoint: str) -> list[dict[str, Any]]:
    most = int(max(found.before.max(), found.after.max(), found.predictions.max()))
    words = chosen.words(most)
    return [
        {
            "checkpoint": checkpoint, "observation": row, "name": chosen.names[k],
            "before": words[found.before[k]], "after": words[found.after[k]],
            "flipped": bool(found.flipped[k]), "l2": float(found.l2[k]),
            "linf": float(found.linf[k]), "relative": float(found.relative[k]),
            "iteration": int(found.iterations[k]),
            "predictions": [words[one] for one in found.predictions[k]],
        }
        for k, row in enumerate(chosen.rows)
    ]  # fmt: skip


def _print_twins(rows: list[dict[str, Any]], settings: _Settings) -> None:
    print_table(
        ("observation", "network", "before", "after", "flipped", "L2", "Linf", "relative L2",
         "iteration"),
        [
            (
                row["name"], row["checkpoint"], row["before"], row["after"],
                "yes" if row["flipped"] else "no", f"{row['l2']:.3g}", f"{row['linf']:.3g}",
                percent(row["relative"]), row["iteration"] if row["iteration"] >= 0 else "-",
            )
            for row in rows
        ],
        f"{settings.method} ({settings.norm}), one by one",
    )  # fmt: skip
    print("iteration: the first whose prediction is as wished")


def _print_curves(rows: list[dict[Hashable, Any]], settings: _Settings) -> None:
    print_table(
        ("network", "radius", "accuracy", "random", "stays", "random stays"),
        [
            (
                row["checkpoint"], f"{row['radius']:g}", percent(row["accuracy"]),
                percent(row["control"]), percent(row["held"]), percent(row["held_control"]),
            )
            for row in rows
        ],
        f"{settings.method} ({settings.norm}) on {rows[0]['n']} observations",
    )  # fmt: skip
    print(
        "random: under one random direction an observation of the same length; stays: predictions "
        "that are as they were, right or wrong"
    )
