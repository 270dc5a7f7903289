"""What a user asks of a study that looks at one network: which one, on which data, how much work.

The same for every study whose network may be a LeNet trained here or one that somebody brought.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from torch import nn

from layerwise import data, report
from layerwise.data import DataSet
from layerwise.foundation.checks import InvalidType, choice, integer, invalid
from layerwise.models import lenet
from layerwise.scores import summarize
from layerwise.store import Run
from layerwise.studies.subject import Subject, learner, stranger
from layerwise.studies.training import Profile

SMALL = 20
"""Pixels a side below which 3x3 filters and fewer pools are taken: 5x5 would not fit in twice."""


@dataclass(frozen=True)
class Looked:
    """What a study that looks at one network leaves.

    Attributes
    ----------
    runs : one per seed
    rows : scores of all seeds, columns of :data:`layerwise.analysis.ROWS`
    summary : mean, spread and floor over seeds
    report : the page
    """

    runs: tuple[Run, ...]
    rows: pd.DataFrame
    summary: pd.DataFrame
    report: Path


@dataclass(frozen=True)
class Plan:
    """What makes a study this one: its name, its own network, how much work.

    Attributes
    ----------
    name : of the study, "parameters"
    title : of the report before "of NETWORK on DATA"
    source : what it is after
    filters : of the convolutions of the LeNet that is trained if nobody brings a network
    kernel_size, pools, hidden, padding : of that LeNet
    profiles : how much work, "quick" or "paper"
    n_checkpoints : to keep of its training, the untrained one among them
    subsets : what is looked at of data that it is trained on; of brought networks "test"
    published : data set -> (value, where) of the accuracy of the like network in the literature
    scale_down : what is smaller or other than in the source, in one sentence
    """

    name: str
    title: str
    source: str
    filters: tuple[int, ...]
    kernel_size: int
    pools: tuple[int, ...]
    profiles: Mapping[str, Profile]
    n_checkpoints: int
    subsets: tuple[str, ...]
    published: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    scale_down: str = ""
    hidden: tuple[int, ...] = (200,)
    padding: bool = False

    def geometry(self, shape: Sequence[int]) -> tuple[int, tuple[int, ...]]:
        """Return the side of the filters and the pools for pictures of this shape."""
        if min(shape[1:]) >= SMALL:
            return self.kernel_size, self.pools
        return 3, (*(1 for _ in self.pools[1:]), 2)

    def network(self, shape: Sequence[int], n_classes: int, seed: int) -> nn.Module:
        """Return the LeNet of this study, untrained, for pictures of this shape."""
        size, pools = self.geometry(shape)
        return lenet(shape, n_classes, channels=self.filters, kernel_size=size, pools=pools,
                     hidden=self.hidden, padding=self.padding, random_state=seed)  # fmt: skip

    def words(self, shape: Sequence[int]) -> str:
        """Return the sentence on this LeNet, and what is known of the one in the source."""
        size, pools = self.geometry(shape)
        return (
            f"The network: {', '.join(map(str, self.filters))} filters of {size}x{size} with pools "
            f"of {', '.join(map(str, pools))}, then {', '.join(map(str, self.hidden))} dense "
            f"units. {self.scale_down}"
        )


@dataclass(frozen=True)
class Asked:
    """The arguments that such studies share; see :func:`layerwise.studies.parameters`."""

    name: str
    model: nn.Module | None
    weights: Sequence[str | Path]
    layers: Sequence[str] | None
    profile: str
    data_dir: str | Path | None
    size: int | None
    to: str | Path | None
    seeds: int
    command: str
    changes: Mapping[str, Any]

    def subjects(self, plan: Plan) -> Iterator[Subject]:
        """Yield the network of every seed."""
        study = plan.name.replace("-", "_")
        integer(study, "seeds", self.seeds, 1)
        profile = self.chosen(study, plan.profiles)
        make = self._learner if self.model is None else self._stranger
        for seed in range(self.seeds):
            yield make(plan, study, profile, seed)

    def chosen(self, study: str, profiles: Mapping[str, Profile]) -> Profile:
        """Return the profile that is asked for, with what is to be changed of it."""
        choice(study, "profile", self.profile, tuple(profiles))
        return profiles[self.profile].changed(self.changes)

    def looked(self, plan: Plan, runs: Sequence[Run]) -> Looked:
        """Write the report and return what was found."""
        rows = pd.concat([run.table("scores") for run in runs], ignore_index=True)
        folder = runs[0].path.parent
        page = report.write(runs, folder / "report.html")
        return Looked(tuple(runs), rows, summarize(rows), page)

    def _learner(self, plan: Plan, study: str, profile: Profile, seed: int) -> Subject:
        for argument, value in (("weights", self.weights), ("layers", self.layers)):
            if value:
                raise invalid(study, argument, "left out without a model",
                              ", ".join(map(str, value)), "Bring the network too.")  # fmt: skip
        train, test = (self.load(split) for split in ("train", "test"))
        if not train.are_pictures:
            raise invalid(study, "data", "pictures, or brought with a model",
                          f"{train.name} of shape {train.input_shape}")  # fmt: skip
        words = f"LeNet ({', '.join(map(str, plan.filters))} filters)"
        return learner(
            train, test, lambda n: plan.network(train.input_shape, n, seed), profile,
            n_checkpoints=plan.n_checkpoints, subsets=plan.subsets,
            folder=self._folder(plan, train, "lenet", seed), seed=seed,
            given=self._given(plan, words, train.name), published=plan.published.get(train.name),
            scale_down=plan.words(train.input_shape),
        )  # fmt: skip

    def _stranger(self, plan: Plan, study: str, profile: Profile, seed: int) -> Subject:
        if not isinstance(self.model, nn.Module):
            raise InvalidType(
                f"{study}: model must be a torch.nn.Module; got {type(self.model).__name__}."
            )
        if other := sorted(set(self.changes) - {"n_shown"}):
            raise invalid(study, other[0], "left out with a model, which is not trained here",
                          self.changes[other[0]])  # fmt: skip
        test, words = self.load("test"), type(self.model).__name__
        return stranger(
            self.model, {"test": test}, weights=self.weights, layers=self.layers,
            n_shown=profile.n_shown, folder=self._folder(plan, test, words.lower(), seed),
            seed=seed, given=self._given(plan, words, test.name),
        )  # fmt: skip

    def load(self, split: str) -> DataSet:
        """Return one split of the data that the study is about."""
        return data.load(self.name, split=split, data_dir=self.data_dir, size=self.size)

    def _folder(self, plan: Plan, test: DataSet, network: str, seed: int) -> Path:
        usual = Path("runs") / f"{plan.name}-{test.name}-{network}"
        return (Path(self.to) if self.to is not None else usual) / f"seed-{seed}"

    def _given(self, plan: Plan, network: str, data_name: str) -> dict[str, Any]:
        """Return the provenance: what this is, and how to make it again."""
        call = f'{plan.name.replace("-", "_")}("{self.name}")'
        return {
            "title": f"{plan.title} of {network} on {data_name}",
            "study": f"{plan.name.replace('-', ' ')}, after {plan.source}",
            "network": network,
            "profile": self.profile,
            "command": self.command or call,
        }
