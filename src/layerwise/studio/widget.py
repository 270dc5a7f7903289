"""The studio in a notebook: the same page, its data asked of the kernel.

Needs the extra ``notebook``. The page sends numbered messages (static/widget.js) and gets answers
with the same number, bytes as binary buffers; the kernel's run is read when the page asks, so a
widget costs nothing until it is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from layerwise.foundation import checks
from layerwise.studio.bundle.link import link, style
from layerwise.studio.data import Contents
from layerwise.studio.host import questions
from layerwise.studio.host.jobs import Jobs

try:
    import anywidget
    import traitlets
except ImportError:
    raise checks.NotFound(
        "The studio in a notebook needs the package anywidget. "
        'Install it: pip install "layerwise[notebook]".'
    ) from None

if TYPE_CHECKING:
    from layerwise.store import Run
    from layerwise.studio.host.network import Ask


class Studio(anywidget.AnyWidget):
    """The studio of one run, or of several side by side; ``run.studio()`` makes one.

    Parameters
    ----------
    runs : a run, or several
    subset : value of the column "subset" to show; by default "test" if there is one, else all
    ask : lets the page ask the network itself; :class:`layerwise.attribution.OnDemand` is one

    Attributes
    ----------
    selection : list of int
        Row numbers (in the run that is shown) of the selected observations. What is selected in the
        page comes back here, and what is set here is selected in the page.

    Examples
    --------
    >>> studio = run.studio()                                     # doctest: +SKIP
    >>> studio                            # look, and lasso some  # doctest: +SKIP
    >>> run.labels["digit"][studio.selection]                     # doctest: +SKIP
    """

    _esm = link("widget.js", form="module")
    _css = style()
    selection = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(
        self,
        runs: Run | Sequence[Run],
        *,
        subset: str | None = None,
        ask: Ask | None = None,
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        methods = () if ask is None else ask.methods
        self._contents = Contents(runs, subset=subset, live=True, attributions=methods)
        self._ask = ask
        self._jobs = Jobs(self._contents)
        self.on_msg(self._answer)

    def close(self) -> None:
        """End the widget and the work that it started."""
        self._jobs.close()
        super().close()

    def _answer(self, _widget: Any, message: Mapping[str, Any], _buffers: Any) -> None:
        """Send what a message of the page asks for, or the sentence that says why not."""
        number = message.get("number")
        try:
            answer = self._asked(str(message.get("what")), message)
        except checks.UserError as error:
            self.send({"number": number, "error": str(error)})
        except Exception as error:
            self.send({"number": number, "error": f"{type(error).__name__}: {error}"})
            raise
        else:
            if isinstance(answer, bytes):
                self.send({"number": number}, buffers=[answer])
            else:
                self.send({"number": number, "answer": answer})

    def _asked(self, what: str, message: Mapping[str, Any]) -> Any:
        body = dict(message.get("body") or {})
        match what:
            case "manifest":
                return self._contents.manifest()
            case "bytes":
                return self._contents.bytes(str(body.get("name")))
            case "ask":
                return questions.ask(self._contents, str(body.pop("kind", "")), body, self._ask)
            case "jobs":
                return self._jobs.list()
            case "start":
                return self._jobs.start(body)
            case "cancel":
                return self._jobs.cancel(int(body.get("id", -1)))
        known = ("manifest", "bytes", "ask", "jobs", "start", "cancel")
        raise checks.not_found("message", what, "the studio", known)
