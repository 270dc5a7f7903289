/**
 * Two maps side by side: the choice of the second, the second, and how many predictions they have
 * apart.
 */

import { mapped, seriesOf } from "../data/maps.js";
import { compared } from "../facts/differences.js";
import { count } from "../facts/words.js";
import { follow } from "../state/latest.js";
import { runOf, together } from "../state/store.js";
import { button, fill, h } from "../widgets/dom.js";
import { menu } from "../widgets/menu.js";
import { observationsView } from "./observations.js";

/** What the two axes are called. */
export const AXES = { layer: "Layer", checkpoint: "Epoch" };

const KEYS = ["model", "run", "layer", "checkpoint", "series", "other"];

/** The choice of what to compare with. @param {any} context */
export function compareMenu({ store }) {
  const choose = (value) => store.set({ other: value === "" ? null : JSON.parse(value) });
  const choice = menu("Compare with", choose);
  const destroy = store.on(KEYS, (state) => {
    const options = others(state);
    const value = state.other ? JSON.stringify(state.other) : "";
    const known = options.some((option) => option.value === value);
    if (!known) options.push({ value, title: "as chosen there" });
    choice.element.hidden = options.length < 2;
    choice.set(options, value);
  });
  return { element: choice.element, destroy };
}

/** The second map while there is one. @param {any} context */
export function compareView(context) {
  const { root, store } = context;
  const element = h("div", { class: "compare", hidden: true });
  let view = null;
  const stop = store.on(["other"], ({ other }) => {
    root.classList.toggle("comparing", Boolean(other));
    element.hidden = !other;
    if (Boolean(view) === Boolean(other)) return;
    view?.destroy();
    view = other ? beside(context) : null;
    fill(element, view?.element);
  });
  return { element, destroy: together(stop, () => view?.destroy()) };
}

/**
 * Return what the first map can be compared with: another checkpoint, another layer, or another run
 * of the same data.
 *
 * @param {import("../state/store.js").State} state
 */
function others(state) {
  const { run, layer, checkpoint, series } = state;
  const { about } = runOf(state);
  const here = { run, layer, checkpoint, series };
  const option = (group, title, change) => ({ group, title, value: JSON.stringify({ ...here, ...change }) });
  const along = (axis, group) => {
    const full = mapped(runOf(state), state, axis);
    return about[`${axis}s`].flatMap(({ name }, i) =>
      i === state[axis] ? [] : option(group, full.includes(i) ? name : `${name} (no map yet)`, { [axis]: i }),
    );
  };
  const runs = state.model.runs.flatMap((other, i) => {
    if (i === run || other.about.data !== about.data) return [];
    const alike = (axis) => {
      const { name } = about[`${axis}s`][state[axis]];
      return Math.max(other.about[`${axis}s`].findIndex((one) => one.name === name), 0);
    };
    const place = { layer: alike("layer"), checkpoint: alike("checkpoint"), series };
    return option("Runs", other.about.name, { run: i, ...place, series: seriesOf(other, place) });
  });
  return [
    { value: "", title: "nothing" },
    ...along("checkpoint", "Checkpoints"),
    ...along("layer", "Layers"),
    ...runs,
  ];
}

/** @param {any} context */
function beside(context) {
  const { store } = context;
  const move = (axis) => (value) => store.set({ other: { ...store.state.other, [axis]: Number(value) } });
  const choices = Object.entries(AXES).map(([axis, label]) => ({
    axis,
    choice: menu(label, move(axis), { hidden: true }),
  }));
  const leave = { class: "plain icon", title: "Compare no more", "aria-label": "Compare no more" };
  const head = [
    choices.map(({ choice }) => choice.element),
    button("×", () => store.set({ other: null }), leave),
  ];
  const stage = (state) => state.other;
  const view = observationsView(context, { title: "Compared with", stage, head });
  const line = h("p", { class: "line differences", role: "status" });
  view.body.append(line);
  const read = (state) => state.other && compared(state);
  const paint = (found, { other }) => other && fill(line, inWords(found, store));
  const fail = (sentence) => fill(line, sentence);
  const destroy = together(
    store.on(["model", "other"], (state) => {
      if (!state.other) return;
      const { about } = runOf(state, state.other);
      for (const { axis, choice } of choices) {
        const options = about[`${axis}s`].map(({ name }, i) => ({ value: String(i), title: name }));
        choice.set(options, String(state.other[axis]));
      }
    }),
    follow(store, ["model", "run", "checkpoint", "other"], read, paint, fail).stop,
    view.destroy,
  );
  return { element: view.element, destroy };
}

/** @param {any} found of `compared` @param {import("../state/store.js").Store} store */
function inWords(found, store) {
  if (!found) return "The predictions of one of the two were not recorded.";
  if (found.same) return `Both show ${found.same}, so their predictions are the same.`;
  const { changed, gained, lost, both, n, names, alone, truth } = found;
  const [from, to] = names;
  const way = alone ? `from ${from} to ${to}` : `between ${from} and ${to}`;
  const link = (ids, words, selected) => {
    if (!ids.length) return words;
    const about = { class: "text", title: `Select these ${count(ids.length)}` };
    return button(words, () => store.select(ids, selected), about);
  };
  const counted = (ids, what) => link(ids, `${count(ids.length)} ${what}`, what);
  const differ = `${count(changed.length)} of ${count(n)} predictions differ`;
  const total = link(changed, differ, `predicted differently ${way}`);
  if (!truth) return [total, ` ${way}.`];
  return [
    ...[total, ` ${way}: `, counted(gained, alone ? "became right" : `are right only in ${to}`)],
    ...[", ", counted(lost, alone ? "became wrong" : `are right only in ${from}`)],
    both.length > 0 && [", ", counted(both, "are wrong in both, in another way")],
    ".",
  ];
}
