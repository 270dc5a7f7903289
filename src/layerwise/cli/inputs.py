"""What a user names on the command line, as objects: models, data, runs, weights."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerwise.foundation.checks import InvalidType, InvalidValue, UserError, not_found

if TYPE_CHECKING:
    from torch import nn

    from layerwise.store import Run


UNTRAINED = "untrained"
"""What the control is called among checkpoints."""


def load_object(address: str, what: str) -> Any:
    """Return what ``module:name`` or ``path/file.py:name`` names, called if it is a function.

    Raises
    ------
    InvalidValue, NotFound
        If it cannot be imported, does not exist, or fails.
    """
    place, colon, name = address.rpartition(":")
    if not colon or not place or not name:
        raise InvalidValue(
            f"{what} must be MODULE:FUNCTION or FILE.py:FUNCTION; got {address!r}. "
            "The function takes no arguments and returns it."
        )
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    module = _attempt(f"import {place!r}", lambda: _import(place))
    found = getattr(module, name, None)
    if found is None:
        public = [key for key, value in vars(module).items() if callable(value) and key[0] != "_"]
        raise not_found("function", name, place, public)
    needs_call = isinstance(found, type) or (callable(found) and not hasattr(found, "state_dict"))
    return _attempt(f"call {address}()", found) if needs_call else found


def load_model(address: str) -> nn.Module:
    """Return the network that ``module:function`` builds."""
    from torch import nn

    model = load_object(address, "the model")
    if not isinstance(model, nn.Module):
        raise InvalidType(
            f"{address} must return a torch.nn.Module; got {type(model).__name__}. "
            "Name the function that builds the network, or its class."
        )
    return model


def load_data(name: str, split: str, data_dir: Path | None, n: int | None, seed: int) -> Any:
    """Return a data set by name, ``.npz``, folder of pictures, or ``module:function``."""
    from layerwise import data

    if ":" in name and not Path(name).exists():
        return load_object(name, "the data")
    found = data.load(name, split=split, data_dir=data_dir)
    return found.sample(n, random_state=seed) if n is not None and n < len(found) else found


def open_run(path: Path) -> Run:
    """Return the run in a folder."""
    from layerwise.store import Run

    return Run.open(path)


def checkpoint_names(weights: Sequence[Path]) -> list[str]:
    """Return the name of each checkpoint, that of its file; "" for a network without files.

    Raises
    ------
    InvalidValue
        If two are alike.
    """
    names = [path.stem for path in weights] or [""]
    if len(set(names)) < len(names):
        raise InvalidValue(
            f"--weights must be files of different names; got {', '.join(names)}. "
            "A checkpoint is named like its file."
        )
    return names


def kept_names(weights: Sequence[Path], to: Path | None, what: str) -> list[str]:
    """Return the names of checkpoints whose answers a run is to keep, if there is one.

    Parameters
    ----------
    weights, to : of the command line
    what : is kept, for the message

    Raises
    ------
    InvalidValue
        If there is a run to keep them and no file to name a checkpoint, or two files are alike.
    """
    names = checkpoint_names(weights)
    if to is not None and names == [""]:
        raise InvalidValue(
            f"--to must come with --weights; got none. A run keeps {what} by checkpoint."
        )
    return names


def with_weights(
    network: nn.Module,
    weights: Sequence[Path],
    names: Sequence[str],
    trust_pickle: str | None,
    run: Run | None,
) -> Iterator[str]:
    """Yield the name of each checkpoint when the network has its weights.

    Raises
    ------
    UserError
        If a file does not fit the network, or the run has other weights under that name.
    """
    from layerwise.network.weights import apply_weights, fingerprint, load_weights

    paths: list[Path | None] = [*weights] or [None]
    for name, path in zip(names, paths, strict=True):
        if path is not None:
            apply_weights(network, load_weights(path, trust_pickle=trust_pickle))
        if run is not None and name and run.checkpoint(name).fingerprint != fingerprint(network):
            raise InvalidValue(
                f"{run.path} holds checkpoint {name!r} of other weights than "
                f"{path or 'the network as its function returns it'}. Give those it was recorded "
                "with."
            )
        yield name


MOST_NUMBERS = 100_000
"""Numbers that one option may list."""


def drawn_anew(network: nn.Module, names: Sequence[str], seed: int) -> nn.Module | None:
    """Return the control of a single network, :data:`UNTRAINED`: a copy with weights drawn anew.

    None if there are several networks, the one is called so itself, or its modules have no rule for
    their weights.
    """
    from layerwise import models

    if len(names) > 1 or UNTRAINED in names:
        return None
    try:
        return models.untrained(network, random_state=seed)
    except InvalidValue:
        return None


def whole_numbers(text: str, option: str, *, distinct: bool = False) -> list[int]:
    """Return numbers >= 0 that commas separate, ranges among them.

    Parameters
    ----------
    text : what the user wrote
    option : for which
    distinct : whether each is kept once, where it stands first: numbers of units or observations

    Raises
    ------
    InvalidValue
        If it is anything else, or lists more than :data:`MOST_NUMBERS`.

    Examples
    --------
    >>> whole_numbers("1,28,28", "--shape"), whole_numbers("0-3,7,2", "--units", distinct=True)
    ([1, 28, 28], [0, 1, 2, 3, 7])
    """
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,9})(?:-([0-9]{1,9}))?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first or last - first + len(found) >= MOST_NUMBERS:
            raise InvalidValue(
                f"{option} must be numbers and commas; got {text[:80]!r}. For example 3,7 or 0-15."
            )
        found += range(first, last + 1)
    return list(dict.fromkeys(found)) if distinct else found


def _import(place: str) -> Any:
    if not place.endswith(".py"):
        return importlib.import_module(place)
    path = Path(place)
    if not path.is_file():
        raise InvalidValue(f"there is no file {place}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InvalidValue(f"{place} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _attempt(action: str, function: Callable[[], Any]) -> Any:
    """Run the user's own code; its failure is one sentence that names it."""
    try:
        return function()
    except UserError:
        raise
    except Exception as error:
        raise InvalidValue(f"cannot {action}: {type(error).__name__}: {error}") from error
