"""The run: one folder that holds the activity of a network and what was computed from it.

The cube has four axes, checkpoint x layer x observation x unit. It is written in parts of
``rows_per_part`` observations, each committed as a whole; nothing is changed in place. Writing
recordings is the work of ``layerwise.record``; most people only call `open`, `activations`,
`labels` and `table`.
"""

from __future__ import annotations

import errno
import importlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.foundation.version import VERSION
from layerwise.store import verify
from layerwise.store.activations import Activations
from layerwise.store.commits import Append, Commit
from layerwise.store.durable import StoreError
from layerwise.store.lock import locked
from layerwise.store.manifest import Checkpoint, Layer, Manifest
from layerwise.store.observations import Observations
from layerwise.store.records import plain
from layerwise.store.tables import Table

if TYPE_CHECKING:
    import pandas as pd

_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)

ASIDE = ("thumbnail", "label")
"""Kinds of stored arrays that are about the observations and no layers."""


class Run:
    """A recorded run; made by `open` or `create`.

    Attributes
    ----------
    path : Path
        Its folder.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> folder = Path(tempfile.mkdtemp()) / "mine"
    >>> run = Run.create(
    ...     folder, n_observations=3, rows_per_part=2, fingerprint={"data": "d1"},
    ...     layers=[Layer("relu1", (4,), "float32", "ReLU")], provenance={"command": "example"},
    ... )
    >>> with run.lock():
    ...     run.add_checkpoint("epoch-000", fingerprint="w0")
    ...     for first in run.missing("epoch-000"):
    ...         with run.write("epoch-000", first) as append:
    ...             n_infinite = append("relu1", np.ones((min(2, 3 - first), 4), np.float32))
    >>> Run.open(folder).activations("relu1")[:, 0]
    array([1., 1., 1.], dtype=float32)
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self._manifest = manifest
        self._held = 0
        self._observations = Observations(path, manifest.n_observations)

    @classmethod
    def open(cls, path: Path | str) -> Run:
        """Return the run in the folder `path`.

        Raises
        ------
        StoreError
            If the folder holds no run, a damaged one, or one that a newer layerwise wrote.
        """
        path = Path(path)
        return cls(path, Manifest.read(path / "run.json"))

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        n_observations: int,
        rows_per_part: int,
        layers: Sequence[Layer],
        fingerprint: Mapping[str, str],
        provenance: Mapping[str, Any],
    ) -> Run:
        """Return a new run in the folder `path`, or the one that is there if its plan is the same.

        Parameters
        ----------
        path : Path or str
        n_observations : int
        rows_per_part : int
            Observations in one file; 32 to 256 MB a file serve well.
        layers : sequence of Layer
            In the order of the network.
        fingerprint : mapping of str to str
            Hashes of what the activations depend on besides the weights, e.g. model code, data,
            settings. A recording may only be continued with the same.
        provenance : mapping
            What is good to know later, e.g. the command and the versions; not compared.

        Raises
        ------
        StoreError
            If the folder holds a run with another plan; the message names what differs.
        """
        path = Path(path)
        plan = Manifest(n_observations, rows_per_part, fingerprint, provenance, tuple(layers))
        run = cls(path, plan)
        if not (path / "run.json").exists():
            with run.lock():
                if not (path / "run.json").exists():
                    plan.write(path / "run.json")
        run = cls.open(path)
        differences = run._manifest.differences(plan)
        if differences:
            raise StoreError(
                path, "holds a recording that differs in " + ", ".join(differences) + ". Use "
                "another folder, or record the same model and data with the same settings.",
            )  # fmt: skip
        return run

    def __repr__(self) -> str:
        return (f"<Run {self.path}: {self.n_observations} observations, "
                f"{len(self.layers)} layers, {len(self.checkpoints)} checkpoints>")  # fmt: skip

    @property
    def n_observations(self) -> int:
        """Number of observations."""
        return self._manifest.n_observations

    @property
    def rows_per_part(self) -> int:
        """Observations in one file (the last has fewer)."""
        return self._manifest.rows_per_part

    @property
    def fingerprint(self) -> Mapping[str, str]:
        """Hashes of what was recorded."""
        return self._manifest.fingerprint

    @property
    def provenance(self) -> Mapping[str, Any]:
        """How the run came to be."""
        return self._manifest.provenance

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers in the order of the network."""
        return tuple(one.name for one in self._manifest.layers if one.kind not in ASIDE)

    def layer(self, name: str) -> Layer:
        """Return what is known of a layer: shape, dtype, kind, pooling."""
        for layer in self._manifest.layers:
            if layer.name == name:
                return layer
        raise checks.not_found("layer", name, str(self.path), self.layers)

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """Names of the checkpoints in the order they were added."""
        return tuple(one.name for one in self._manifest.checkpoints)

    def checkpoint(self, name: str) -> Checkpoint:
        """Return what is known of a checkpoint: fingerprint of the weights, metadata."""
        for checkpoint in self._manifest.checkpoints:
            if checkpoint.name == name:
                return checkpoint
        raise checks.not_found("checkpoint", name, str(self.path), self.checkpoints)

    # Recording

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from recording into this run; may be nested.

        What a killed recording left half written is removed on entry. Workers that only `write`
        different parts need not hold it; whoever started them does.

        Raises
        ------
        StoreError
            If another process holds it; the message names its id and machine.
        """
        if self._held:
            yield
            return
        with locked(self.path):
            self._held += 1
            try:
                yield
            finally:
                self._held -= 1

    def add_checkpoint(self, name: str, fingerprint: str, **metadata: Any) -> None:
        """Announce a state of the network, e.g. ``add_checkpoint("epoch-003", digest, epoch=3)``.

        Nothing happens if it is known already with the same fingerprint.

        Raises
        ------
        StoreError
            If the name is taken by other weights.
        """
        with self.lock():
            manifest = Manifest.read(self.path / "run.json")
            known = {one.name: one.fingerprint for one in manifest.checkpoints}
            if name not in known:
                manifest = manifest.with_checkpoint(Checkpoint(name, fingerprint, metadata))
                manifest.write(self.path / "run.json")
            elif known[name] != fingerprint:
                raise StoreError(
                    self.path, f"holds checkpoint {name!r} of other weights. Name this one "
                    "differently, or use another folder.",
                )  # fmt: skip
            self._manifest = manifest

    def missing(self, checkpoint: str) -> list[int]:
        """Return the first rows of the parts that are not committed yet."""
        return [commit.first for commit in self.commits(checkpoint) if not commit.exists()]

    def commits(self, checkpoint: str) -> Iterator[Commit]:
        """Yield the units of work of a checkpoint in order, done or not."""
        for first in self._manifest.firsts:
            yield self._commit(self.checkpoint(checkpoint), first)

    def write(self, checkpoint: str, first: int) -> AbstractContextManager[Append]:
        """Return a context that records one part of every layer, or nothing.

        It gives ``append(layer, array, **counters)``. Arrays are ``(batch, *shape)`` or
        ``(batch, n_units)`` in the stored type (bfloat16 as its bits in uint16); extra counters,
        such as ``overflow=3``, are summed and come back from `counts`. It returns how many of the
        values are infinite, for whoever has to tell overflow apart. Layers that do not depend
        on the weights belong to the first checkpoint only, see `layers_at`.

        Parameters
        ----------
        checkpoint : str
        first : int
            First row of the part, one of `missing`.

        Examples
        --------
        >>> with run.write("epoch-000", first) as append:          # doctest: +SKIP
        ...     for batch in batches:
        ...         append("relu1", activations_of(batch))
        """
        if first not in self._manifest.firsts:
            raise checks.invalid("write", "first", "the first row of a part", first)
        commit = self._commit(self.checkpoint(checkpoint), first)
        if commit.exists():
            raise StoreError(commit.path, "these rows are committed already.")
        return commit.write()

    def layers_at(self, checkpoint: str) -> tuple[Layer, ...]:
        """Return the layers that are stored with a checkpoint, thumbnails included."""
        first = self.checkpoint(checkpoint) == self._manifest.checkpoints[0]
        return tuple(one for one in self._manifest.layers if one.per_checkpoint or first)

    def _commit(self, checkpoint: Checkpoint, first: int) -> Commit:
        layers, rows = self.layers_at(checkpoint.name), self._manifest.rows(first)
        return Commit(self.path, checkpoint, first, rows, layers)

    # Reading

    def activations(self, layer: str, checkpoint: str | None = None) -> Activations:
        """Return what a layer did, memory-mapped, ``(n_observations, n_units)``.

        Parameters
        ----------
        layer : str
        checkpoint : str, optional
            The latest if not given.

        Raises
        ------
        StoreError
            If the recording is incomplete, or (when rows are read) a file is damaged.
        """
        name = self._stored_with(self.layer(layer), checkpoint)
        parts = []
        for commit in self.commits(name):
            if not commit.exists():
                there = f"rows 0-{commit.first - 1}" if commit.first else "no rows"
                raise StoreError(
                    self.path, f"checkpoint {name!r} is incomplete: {there} of "
                    f"{self.n_observations}. Run the same record command again.",
                )  # fmt: skip
            parts.append(commit.parts(layer)[layer])
        return Activations(parts, self.rows_per_part, f"{layer} at {name}")

    def _stored_with(self, layer: Layer, checkpoint: str | None) -> str:
        """Return the name of the checkpoint with which a layer is stored."""
        if not self.checkpoints:
            raise StoreError(self.path, "holds no checkpoint yet. Run the record command again.")
        name = self.checkpoint(self.checkpoints[-1] if checkpoint is None else checkpoint).name
        return name if layer.per_checkpoint else self.checkpoints[0]

    def thumbnails(self) -> Activations | None:
        """Return the pictures of the observations (uint8), or None if none were recorded."""
        for layer in self._manifest.layers:
            if layer.kind == "thumbnail":
                return self.activations(layer.name)
        return None

    def counts(self, checkpoint: str) -> pd.DataFrame:
        """Return how many values of each layer are NaN, infinite and zero, over the rows so far.

        Columns: layer, nan, inf, zero, further counters of the recorder, n_values.
        """
        import pandas as pd

        zero: dict[str, int] = {"nan": 0, "inf": 0, "zero": 0, "n_values": 0}
        totals = {layer: Counter(zero) for layer in self.layers}
        homes = {layer: self._stored_with(self.layer(layer), checkpoint) for layer in self.layers}
        for home in set(homes.values()):
            for commit in self.commits(home):
                for layer, counts in (commit.counts() if commit.exists() else {}).items():
                    if homes.get(layer) == home:
                        totals[layer].update(counts)
        names = dict.fromkeys(name for total in totals.values() for name in total)
        columns = sorted(names, key=lambda name: name == "n_values")  # that one last
        return pd.DataFrame(
            {"layer": layer} | {name: total[name] for name in columns}
            for layer, total in totals.items()
        )

    def verify(self) -> list[str]:
        """Check every byte of every part and table, and that nothing is missing.

        Returns
        -------
        list of str
            One sentence a problem; empty if all is well.
        """
        return verify.problems(self)

    # Tables

    @property
    def tables(self) -> tuple[str, ...]:
        """Kinds of the tables that are there."""
        return tuple(self.stored())

    def table(self, kind: str) -> pd.DataFrame:
        """Return all stored tables of a kind as one, their provenances in ``attrs``."""
        import pandas as pd

        there = self.stored().get(kind, [])
        if not there:
            raise checks.not_found("table", kind, str(self.path), self.tables)
        found = [table.read() for table in there]
        result = pd.concat([frame for frame, _ in found], ignore_index=True)
        result.attrs = {"provenance": [provenance for _, provenance in found]}
        return result

    def stored(self) -> dict[str, list[Table]]:
        """Return the tables by their kind, none of them read.

        For whoever asks which answers are there before reading one: see
        :meth:`Table.provenance`, :meth:`Table.read` and :attr:`Table.stamp`.
        """
        found: dict[str, list[Table]] = {}
        for table in Table.all(self.path):
            found.setdefault(table.kind, []).append(table)
        return found

    def write_table(self, kind: str, frame: pd.DataFrame, provenance: Mapping[str, Any]) -> None:
        """Store a tidy table, in place of an earlier one of the same provenance.

        Parameters
        ----------
        kind : str
            A word, e.g. ``"projections"``. ``"observations"`` is special: one table a run, one row
            an observation, whose columns are the labels; a second call adds columns. Its
            provenance may hold ``class_names``, a mapping of label to names of the codes 0, 1, ...
        frame : DataFrame
            Its index is not kept.
        provenance : mapping
            Function, parameters, seed, layer, checkpoint; the recording and the version of
            layerwise are added.
        """
        full = self._full(provenance)
        if kind == "observations":
            self._observations.add(frame, full)
        else:
            Table.of(self.path, kind, full).write(frame, full)

    def cached(
        self, kind: str, provenance: Mapping[str, Any], compute: Callable[[], pd.DataFrame]
    ) -> pd.DataFrame:
        """Return the stored table of this provenance; compute and store it if there is none.

        In a run that may not be written, say a colleague's, it is computed and not stored.
        """
        table = Table.of(self.path, kind, full := self._full(provenance))
        if not table.exists():
            computed = compute()
            try:
                table.write(computed, full)
            except StoreError as error:
                if getattr(error.__cause__, "errno", None) not in _READ_ONLY:
                    raise
                return computed.reset_index(drop=True)
        frame, found = table.read()
        if found != full:
            raise StoreError(table.path, "is the table of another provenance. Delete it.")
        return frame

    @property
    def labels(self) -> Mapping[str, Array]:
        """Columns of the table of observations, each ``(n_observations,)``."""
        return self._observations.labels()

    def class_names(self, label: str) -> tuple[str, ...] | None:
        """Return the names of the codes 0, 1, ... of a label, or None if it needs none."""
        return self._observations.class_names(label)

    # Looking

    def studio(self, **options: Any) -> Any:
        """Return the studio of this run as a widget for a notebook.

        The store lies below the studio and knows nothing of it: this method imports it when called.

        Parameters
        ----------
        **options : of :class:`layerwise.studio.widget.Studio`, for example ``subset="train"``

        Returns
        -------
        layerwise.studio.widget.Studio
            Its attribute ``selection`` holds the row numbers of what is selected in the page.

        Raises
        ------
        NotFound
            If anywidget is not installed: ``pip install "layerwise[notebook]"``.

        Examples
        --------
        >>> studio = run.studio()                                       # doctest: +SKIP
        >>> run.labels["digit"][studio.selection]                       # doctest: +SKIP
        """
        widget = importlib.import_module("layerwise.studio.widget")
        return widget.Studio(self, **options)

    def _full(self, provenance: Mapping[str, Any]) -> dict[str, Any]:
        recording = {"recording": dict(self.fingerprint), "layerwise": VERSION}
        full: dict[str, Any] = plain({**provenance, **recording})
        return full
