/**
 * The bar at the top: which run this is, what is selected, and what concerns the whole page.
 */

import { download, fill, h, together } from "../widgets/dom.js";
import { selectionCsv, viewPng, viewSvg } from "../facts/export.js";
import { recording } from "../state/jobs.js";
import { latest } from "../state/latest.js";
import { moved } from "../state/start.js";
import { runOf } from "../state/store.js";
import { button } from "../widgets/button.js";
import { menu } from "../widgets/menu.js";
import { count, counted } from "../facts/words.js";

const THEMES = { auto: "Auto", light: "Light", dark: "Dark" };
const SYMBOLS = { auto: "◐", light: "☀", dark: "☾" };

/**
 * @param {any} context
 * @param {{help: () => void, facts: () => void, picture: () => any}} page what it opens and saves
 * @returns {{element: HTMLElement, destroy: () => void}}
 */
export function toolbar(context, page) {
  const { store } = context;
  const title = h("h1", {});
  const runs = menu("Run", (value) => store.set(moved(store.state, Number(value))), { hidden: true });
  const info = button("About", page.facts, { class: "plain", title: "Facts about the run" });
  const live = h("span", { class: "chip recording" });
  const chip = selectionChip(store);
  const next = () => {
    const names = Object.keys(THEMES);
    store.set({ theme: names[(names.indexOf(store.state.theme) + 1) % names.length] });
  };
  const theme = button("", next, { class: "plain" });
  const help = button("Help", page.help, { class: "plain", title: "Keys and help ( ? )" });
  const element = h(
    "header",
    { class: "bar" },
    h("div", { class: "bar-run" }, title, runs.element, info, live),
    chip.element,
    h("div", { class: "bar-tools" }, exportMenu(context, page.picture), theme, help),
  );
  const stop = together(
    store.on(["model", "run"], (state) => {
      const { model } = state;
      const { about } = runOf(state);
      fill(title, about.title);
      title.title = about.title;
      runs.element.hidden = model.runs.length < 2;
      runs.set(model.runs.map((run, i) => ({ value: String(i), title: run.about.name })), String(state.run));
      fill(live, recording(model));
      live.hidden = !recording(model);
    }),
    store.on(["theme"], (state) => {
      fill(theme, h("span", { "aria-hidden": "true" }, SYMBOLS[state.theme]), ` ${THEMES[state.theme]}`);
      theme.title = `Colours of the page: ${THEMES[state.theme]}`;
    }),
    chip.destroy,
  );
  return { element, destroy: stop };
}

/** @param {import("../state/store.js").Store} store */
function selectionChip(store) {
  const words = h("span", { class: "chip-words", role: "status" });
  const clear = button("Clear", () => store.select([], ""), { class: "plain" });
  const element = h("div", { class: "chip selection" }, words, clear);
  const paint = (correct, state) => {
    const { selection, selected } = state;
    const { n, about } = runOf(state);
    const some = selection.length > 0;
    element.classList.toggle("none", !some);
    clear.hidden = !some;
    words.title = selected;
    const told = correct && (some ? selection.map((id) => correct[id]) : correct);
    const wrong = told?.reduce((sum, right) => sum + Number(right === 0), 0);
    fill(
      words,
      some ? [h("b", {}, count(selection.length)), ` selected of ${count(n)}`] : counted(n, about.noun),
      correct && [" · ", h("span", { class: "wrong" }, `${count(wrong)} wrong`)],
      some && selected && [" · ", h("span", { class: "quiet" }, selected)],
    );
  };
  const show = latest((sentence) => fill(words, sentence));
  const destroy = store.on(["model", "run", "checkpoint", "selection", "selected"], (state) => {
    show(() => runOf(state).correct(state.checkpoint), (correct) => paint(correct, state));
  });
  return { element, destroy };
}

/** @param {any} context @param {() => any} picture the scatter that is exported */
function exportMenu({ store, announce }, picture) {
  const actions = {
    "Selection (CSV)": async () => download(await selectionCsv(store.state), "layerwise-selection.csv"),
    "Map (PNG)": () => viewPng(picture()),
    "Map (SVG)": () => viewSvg(picture()),
  };
  const act = async (name) => {
    try {
      await actions[name]();
    } catch (error) {
      announce(error.message);
    }
  };
  const choice = menu("Export", act, { action: true });
  choice.set(Object.keys(actions).map((name) => ({ value: name, title: name })), "");
  return choice.element;
}
