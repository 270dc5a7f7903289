"""The linker: contract (the forms it knows, the others refused) and outcome (its text runs)."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from layerwise.foundation.checks import InvalidValue, NotFound
from layerwise.studio.bundle.link import link, parse, style

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no node on this machine")


@pytest.fixture
def folder(tmp_path):
    """Return what writes modules and returns their folder."""

    def write(**texts: str):
        for name, text in texts.items():
            path = tmp_path / f"{name.replace('__', '/')}.js"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def ran(text: str, suffix: str = "cjs") -> str:
    """Return what the text prints under node."""
    done = subprocess.run(
        [str(NODE), "--input-type", "module" if suffix == "mjs" else "commonjs", "-e", text],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


THREE = {
    "main": """/** @typedef {import("./deep/sum.js").Sum} Sum */
import { Total, twice } from "./deep/sum.js";
import {
  two,
  three, } from "./numbers.js";

const hidden = "main";
// a comment of its own, with "quotes' and </script> in it
export const result = `${hidden} ${new Total(two, three).value} ${twice(two)}`;
export async function later() {
  return result;
}
console.log(result);
later().then((text) => console.log(text));
""",
    "numbers": 'const hidden = "numbers";\nexport const two = hidden.length - 5;\n'
    "export const three = 3;\n",
    "deep__sum": """import { two } from "../numbers.js";
const hidden = "sum";
/**
 * @param {import("./sum.js").Total} a
 */
export function twice(a) {
  return hidden.length * 0 + two * a; /* beside code: import("x") */
}
export class Total {
  constructor(a, b) {
    this.value = a + b;
  }
}
""",
}


@needs_node
def test_modules_run_as_one_script_each_in_its_own_scope(folder):
    assert ran(link("main.js", folder=folder(**THREE))) == "main 5 4\nmain 5 4"


@needs_node
def test_a_module_has_what_the_entry_exports_as_its_default(folder):
    text = link("main.js", form="module", folder=folder(**THREE))
    assert text.count("export default { result, later };") == 1
    shown = text.replace("export default", "globalThis.made =") + "\nconsole.log(made.result);"
    assert ran(shown, "mjs").splitlines()[-2:] == ["main 5 4", "main 5 4"]


def test_what_is_imported_twice_stands_once_and_before(folder):
    text = link("main.js", folder=folder(**THREE))
    assert text.count("const three = 3;") == 1
    assert text.index("const three") < text.index("class Total") < text.index("const result")


def test_comments_on_lines_of_their_own_are_left_out(folder):
    text = link("main.js", folder=folder(**THREE))
    assert "typedef" not in text
    assert "</script>" not in text
    assert "beside code" in text


def test_code_after_a_comment_on_its_line_stays():
    text = 'run(); /* a */\n/* b */ go();\nconst s = "/* no */";\n/* c\n d */\nstop();'
    body = parse(text, "x.js").body
    assert body == 'run(); /* a */\n/* b */ go();\nconst s = "/* no */";\nstop();'


@pytest.mark.parametrize(
    "line",
    [
        "export default 3;",
        "export { a };",
        'export * from "./a.js";',
        'export { a } from "./a.js";',
        "export let a = 1;",
        "export const { a, b } = c;",
        'import "./a.js";',
        'import a from "./a.js";',
        'import * as a from "./a.js";',
        'import { a as b } from "./a.js";',
        "import { a } from './a.js';",
        'import { a } from "./a.js"',
        'import { a } from "lodash";',
        'import { a } from "https://example.org/a.js";',
        'import { a } from "/a.js";',
        'import { default as a } from "./a.js";',
        'import { a } from "./a.json" with { type: "json" };',
        'const a = await import("./a.js");',
        '  import ("./a.js").then(go);',
        "const here = import.meta.url;",
        "await ready;",
    ],
)
def test_other_forms_are_refused_with_what_stands_there(folder, line):
    where = folder(main=f"const x = 1;\n{line}\n", a="export const a = 1;\n")
    with pytest.raises(InvalidValue, match=r"link: main\.js must be "):
        link("main.js", folder=where)


def test_circles_are_refused_with_their_way(folder):
    where = folder(
        main='import { a } from "./a.js";\n', a='import { b } from "./b.js";\nexport const a = 1;',
        b='import { a } from "./a.js";\nexport const b = 1;',
    )  # fmt: skip
    with pytest.raises(InvalidValue, match=r"free of circles; got a\.js > b\.js > a\.js"):
        link("main.js", folder=where)


def test_what_is_not_there_is_named(folder, tmp_path):
    (tmp_path.parent / "outside.js").write_text("export const a = 1;")
    where = folder(main='import { a } from "./a.js";', out='import { a } from "../outside.js";',
                   b='import { c } from "./main.js";')  # fmt: skip
    with pytest.raises(NotFound, match=r"no module 'a\.js' in the studio"):
        link("main.js", folder=where)
    with pytest.raises(NotFound, match="no module"):
        link("out.js", folder=where)
    folder(a="export const b = 1;")
    with pytest.raises(NotFound, match=r"no export 'a' in a\.js\. .*Exports: b"):
        link("main.js", folder=where)
    with pytest.raises(InvalidValue, match="form must be one of script, module"):
        link("main.js", form="iife", folder=where)


@pytest.mark.parametrize(("entry", "form"), [("embedded.js", "script"), ("widget.js", "module")])
def test_the_studio_itself_links_to_text_that_may_stand_in_a_page(entry, form):
    text = link(entry, form=form)
    assert text == link(entry, form=form)
    assert "</script" not in text.lower()
    assert "<!--" not in text
    assert len(text) < 400_000


@needs_node
@pytest.mark.parametrize(("entry", "form"), [("embedded.js", "script"), ("widget.js", "module")])
def test_the_linked_studio_is_javascript(entry, form, tmp_path):
    path = tmp_path / ("linked.cjs" if form == "script" else "linked.mjs")
    path.write_text(link(entry, form=form))
    done = subprocess.run([str(NODE), "--check", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_styles_hold_in_the_studio_only_and_load_nothing():
    text = style()
    assert "</style" not in text.lower()
    assert not re.search(r"url\((?!\"data:image/svg)|@import", text)
    for selectors in re.findall(r"(?:^|[}{])\s*([^{}@;]+)\{", text):
        for one in re.sub(r"\([^()]*\)", "", selectors).split(","):
            scoped = ".layerwise-studio" in one or re.fullmatch(r"\s*(from|to|[\d.]+%)\s*", one)
            assert scoped, one
