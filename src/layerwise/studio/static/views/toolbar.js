/**
 * The bar at the top: which run this is, what is selected, and what concerns the whole page.
 */

import { count, counted, percent } from "../facts/words.js";
import { follow } from "../state/latest.js";
import { runOf, together } from "../state/store.js";
import { moved } from "../state/valid.js";
import { button, fill, h } from "../widgets/dom.js";
import { menu } from "../widgets/menu.js";
import { saveMenu } from "./save.js";

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
    h("div", { class: "bar-tools" }, saveMenu(context, page.picture), theme, help),
  );
  const destroy = together(
    store.on(["model", "run"], (state) => {
      const all = state.model.runs.map(({ about }, i) => ({ value: String(i), title: about.name }));
      title.title = runOf(state).about.title;
      fill(title, title.title);
      runs.element.hidden = all.length < 2;
      runs.set(all, String(state.run));
    }),
    store.on(["recording"], ({ recording }) => {
      live.hidden = !recording;
      fill(live, recording && `recording ${recording.checkpoint}: ${percent(recording.share)}`);
    }),
    store.on(["theme"], (state) => {
      fill(theme, h("span", { "aria-hidden": "true" }, SYMBOLS[state.theme]), ` ${THEMES[state.theme]}`);
      theme.title = `Colours of the page: ${THEMES[state.theme]}`;
    }),
    chip.destroy,
  );
  return { element, destroy };
}

/** @param {import("../state/store.js").Store} store */
function selectionChip(store) {
  const words = h("span", { class: "chip-words", role: "status" });
  const clear = button("Clear", () => store.select([], ""), { class: "plain" });
  const element = h("div", { class: "chip selection" }, words, clear);
  const read = (state) => runOf(state).correct(state.checkpoint);
  const paint = (correct, state) => {
    const { selection, selected } = state;
    const { n, about } = runOf(state);
    const some = selection.length > 0;
    element.classList.toggle("none", !some);
    clear.hidden = !some;
    words.title = selected;
    const judged = correct && (some ? selection.map((id) => correct[id]) : correct);
    const wrong = judged?.reduce((sum, right) => sum + Number(right === 0), 0);
    fill(
      words,
      some ? [h("b", {}, count(selection.length)), ` selected of ${count(n)}`] : counted(n, about.noun),
      correct && [" · ", h("span", { class: "wrong" }, `${count(wrong)} wrong`)],
      some && selected && [" · ", h("span", { class: "quiet" }, selected)],
    );
  };
  const fail = (sentence) => fill(words, sentence);
  const keys = ["model", "run", "checkpoint", "selection", "selected"];
  return { element, destroy: follow(store, keys, read, paint, fail).stop };
}
