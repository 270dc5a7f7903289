"""A network that is only pretended: it notes what it is asked, and can be slow."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from layerwise.foundation.checks import UserError


class Asked:
    """Answers with the row, and keeps every question; slow until `go` is set."""

    methods = ("gradient", "occlusion")

    def __init__(self, shape: tuple[int, ...] = (12, 12), *, slow: bool = False) -> None:
        self.shape, self.questions = shape, list[dict[str, Any]]()
        self.given_up: list[int] = []
        self.go = threading.Event()
        if not slow:
            self.go.set()

    def __call__(
        self, run: Any, checkpoint: str, row: int, method: str, *, layer: str | None,
        unit: int | None, stopped: Any,
    ) -> dict[str, Any]:  # fmt: skip
        self.questions.append(
            {"run": run.path.name, "checkpoint": checkpoint, "row": row, "method": method,
             "layer": layer, "unit": unit}
        )  # fmt: skip
        while not self.go.wait(0.01):
            if stopped():
                self.given_up.append(row)
                raise UserError("Nobody waits any more.")
        if method == "occlusion" and row == 1:
            raise UserError("This network cannot be covered.")
        values = np.linspace(-1 - row, 1, int(np.prod(self.shape))).reshape(self.shape)
        target = f"logit:{0 if unit is None else unit}" if layer is None else f"{layer}:{unit}"
        return {
            "attribution": values, "channels": 1, "layer": "", "target": target, "value": 0.5 + row,
            "output": np.array([3.0, 1.0, 0.0]),
        }  # fmt: skip
