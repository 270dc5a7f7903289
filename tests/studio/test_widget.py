"""The studio in a notebook: contract of its messages, and the page in a real browser."""

from __future__ import annotations

import base64
import subprocess
import sys

import numpy as np
import pytest
from tests.studio.asking import Asked
from tests.studio.odd import odd_run

from layerwise.studio import widget
from layerwise.studio.widget import Studio


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return a run of 60 observations, the first 40 of them in the subset "test"."""
    subset = np.repeat(["test", "train"], [40, 20])
    return odd_run(tmp_path_factory.mktemp("widget") / "run", n=60, columns={"subset": subset})


@pytest.fixture
def studio(recorded, monkeypatch):
    """Return a widget and what it sends: (content, buffers) by number."""
    made = Studio(recorded)
    made.sent = {}
    monkeypatch.setattr(
        made, "send", lambda content, buffers=None: made.sent.update(
            {content["number"]: (content, buffers)}
        ),
    )  # fmt: skip
    yield made
    made.close()


def answer(studio, what, **body):
    """Return what comes back for a message as the page sends it."""
    number = len(studio.sent) + 1
    studio._handle_custom_msg({"number": number, "what": what, "body": body}, [])
    return studio.sent[number]


def test_the_manifest_comes_as_json_and_files_as_bytes(studio, recorded):
    content, buffers = answer(studio, "manifest")
    manifest = content["answer"]
    assert buffers is None
    assert manifest["live"]
    about = manifest["runs"][0]
    content, (rows,) = answer(studio, "bytes", name=about["rows"])
    assert content == {"number": 2}
    assert (
        np.frombuffer(rows, "<u4").tolist()
        == np.flatnonzero(recorded.labels["subset"] == "test").tolist()
    )


def test_questions_and_jobs_are_answered(studio):
    place = {"run": 0, "layer": 1, "checkpoint": 1}
    found = answer(studio, "ask", kind="neighbors", **place, observation=0, k=3)[0]["answer"]
    assert len(found["observations"]) == 3
    assert answer(studio, "jobs")[0]["answer"] == []


def test_the_network_is_asked_if_it_is_given(studio, recorded, monkeypatch):
    question = {"run": 0, "checkpoint": 1, "observation": 2, "method": "gradient"}
    content, _ = answer(studio, "ask", kind="attribution", **question)
    assert "started without the network" in content["error"]
    ask = Asked()
    other = Studio(recorded, ask=ask)
    other.sent = {}
    monkeypatch.setattr(other, "send", lambda content, buffers=None: other.sent.update(
        {content["number"]: (content, buffers)}))  # fmt: skip
    assert answer(other, "manifest")[0]["answer"]["attributions"] == ["gradient", "occlusion"]
    assert answer(other, "ask", kind="attribution", **question)[0]["answer"]["shape"] == [12, 12]
    assert [one["row"] for one in ask.questions] == [2]
    other.close()


def test_what_cannot_be_answered_comes_back_as_a_sentence(studio):
    assert "no file" in answer(studio, "bytes", name="../../etc/passwd")[0]["error"].lower()
    assert answer(studio, "dance")[0]["error"].startswith("no message 'dance' in the studio.")
    assert "error" in answer(studio, "ask", kind="weather")[0]
    assert "error" in answer(studio, "start", kind="dance")[0]


def test_a_defect_reaches_the_page_and_the_kernel(studio, monkeypatch):
    def broken():
        raise RuntimeError("so it is")

    monkeypatch.setattr(studio._contents, "manifest", broken)
    with pytest.raises(RuntimeError):
        studio._answer(studio, {"number": 7, "what": "manifest"}, [])
    assert studio.sent[7][0]["error"] == "RuntimeError: so it is"


def test_a_selection_is_a_list_of_row_numbers(studio):
    studio.selection = [3, 5]
    assert studio.get_state("selection") == {"selection": [3, 5]}
    studio.set_state({"selection": [8]})
    assert studio.selection == [8]
    with pytest.raises(widget.traitlets.TraitError):
        studio.selection = ["a"]


def test_a_run_makes_one(recorded):
    made = recorded.studio(subset="train")
    assert isinstance(made, Studio)
    assert made._contents.manifest()["runs"][0]["subset"] == "train"
    made.close()


def test_without_the_package_it_says_how_to_install():
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "from layerwise.foundation.checks import UserError\n"
        "try:\n    import layerwise.studio.widget\n"
        "except UserError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith('Install it: pip install "layerwise[notebook]".')


FAKE = """async ({ code }) => {
  const listeners = {};
  const model = {
    state: { selection: [] },
    on: (name, listener) => (listeners[name] ??= new Set()).add(listener),
    off: (name, listener) => listeners[name]?.delete(listener),
    get: (name) => model.state[name],
    set: (name, value) => { model.state[name] = value; },
    save_changes: () => window.saved(model.state),
    emit: (name, ...given) => listeners[name]?.forEach((listener) => listener(...given)),
    send: async (content) => {
      const [reply, buffers] = await window.asked(content);
      const views = buffers.map((text) => {
        const padded = atob(text);  // a view into a larger buffer, as anywidget hands them out
        const bytes = Uint8Array.from(" ".repeat(8) + padded, (letter) => letter.charCodeAt(0));
        return new DataView(bytes.buffer, 8);
      });
      model.emit("msg:custom", reply, views);
    },
  };
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const { default: widget } = await import(address);
  window.model = model;
  window.stop = widget.render({ model, el: document.getElementById("cell") });
}"""
"""What anywidget gives to a widget, as far as ours uses it."""


def test_page_and_kernel_share_a_selection(chromium, studio):
    """A real browser; only the wire between page and kernel is made up."""
    saved, complaints = [], []

    def asked(content):
        studio._handle_custom_msg(content, [])
        reply, buffers = studio.sent[content["number"]]
        return reply, [base64.b64encode(one).decode() for one in buffers or []]

    page = chromium.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route("http://notebook.test/", lambda route: route.fulfill(
        content_type="text/html", body=f"<style>{Studio._css}</style><div id='cell'></div>",
    ))  # fmt: skip
    page.goto("http://notebook.test/")
    page.expose_function("asked", asked)
    page.expose_function("saved", lambda state: saved.append(state["selection"]))
    page.evaluate(FAKE, {"code": Studio._esm})
    page.wait_for_selector("#cell canvas")

    page.evaluate("model.state.selection = [39, 3]; model.emit('change:selection')")
    page.wait_for_function("window.__studio.store.state.selection.length === 2")
    assert page.evaluate("Array.from(__studio.store.state.selection)") == [3, 39]

    page.evaluate("__studio.store.select([5, 7, 11], 'three')")
    page.wait_for_function("model.state.selection.length === 3")
    assert saved[-1] == [5, 7, 11]
    page.evaluate("window.stop()")
    assert page.locator("#cell canvas").count() == 0
    assert complaints == []
    page.close()


def test_a_kernel_that_does_not_answer_is_said_in_a_sentence(chromium):
    """And keys belong to the studio; JupyterLab would take "d d" as: delete the cell."""
    page = chromium.new_page()
    page.clock.install()
    page.route("http://notebook.test/", lambda route: route.fulfill(
        content_type="text/html", body="<body style='background: #111'><div id='cell'></div>",
    ))  # fmt: skip
    page.goto("http://notebook.test/")
    page.evaluate(
        """async ({ code }) => {
          window.questions = [];
          const model = {
            on: (_, listener) => { window.answer = listener; },
            off: () => {},
            send: (content) => window.questions.push(content),
          };
          const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
          const { default: widget } = await import(address);
          window.stop = widget.render({ model, el: document.getElementById("cell") });
          document.querySelector("#cell > div").tabIndex = 0;
          document.querySelector("#cell > div").focus();
        }""",
        {"code": Studio._esm},
    )
    assert page.locator("#cell :focus[data-lm-suppress-shortcuts]").count() == 1
    assert page.get_by_text("The kernel does not answer.").count() == 0
    page.clock.run_for(5000)
    assert page.get_by_text("The kernel does not answer.").is_visible()
    page.evaluate("window.answer({ number: questions[0].number, error: 'It is back.' }, [])")
    page.get_by_text("It is back.").wait_for()
    assert page.get_by_text("The kernel does not answer.").count() == 0
    page.evaluate("window.stop()")
    page.close()


def test_a_page_around_it_that_is_dark_makes_it_dark(chromium, studio):
    def asked(content):
        studio._handle_custom_msg(content, [])
        reply, buffers = studio.sent[content["number"]]
        return reply, [base64.b64encode(one).decode() for one in buffers or []]

    page = chromium.new_page(color_scheme="light")
    page.route("http://notebook.test/", lambda route: route.fulfill(
        content_type="text/html", body="<body style='background: #111'><div id='cell'></div>",
    ))  # fmt: skip
    page.goto("http://notebook.test/")
    page.expose_function("asked", asked)
    page.evaluate(FAKE, {"code": Studio._esm})
    page.wait_for_selector("#cell [data-theme=dark]")
    page.evaluate("document.body.style.background = '#fff'")
    page.wait_for_selector("#cell [data-theme=light]")
    page.evaluate("window.stop()")
    page.close()
