/**
 * The second map beside the first, and how many predictions the two places have apart.
 */

import { differences } from "../facts/differences.js";
import { fill, h, together } from "../widgets/dom.js";
import { latest } from "../state/latest.js";
import { runOf } from "../state/store.js";
import { button } from "../widgets/button.js";
import { menu } from "../widgets/menu.js";
import { count } from "../facts/words.js";
import { observationsView } from "./observations.js";

const OTHERWISE = "wrong in both, in another way";
const AXES = { layer: "Layer", checkpoint: "Epoch" };

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function compareView(context) {
  const { store } = context;
  const element = h("div", { class: "compare", hidden: true });
  let view = null;
  const destroy = store.on(["other"], ({ other }) => {
    element.hidden = !other;
    if (Boolean(view) === Boolean(other)) return;
    view?.destroy();
    view = other ? beside(context) : null;
    fill(element, view?.element);
  });
  return { element, destroy: together(destroy, () => view?.destroy()) };
}

/** @param {any} context */
function beside(context) {
  const { store } = context;
  const move = (change) => store.set({ other: { ...store.state.other, ...change } });
  const choices = Object.entries(AXES).map(([axis, label]) =>
    [axis, menu(label, (value) => move({ [axis]: Number(value) }), { hidden: true })]);
  const words = { title: "Compare no more", "aria-label": "Compare no more" };
  const leave = () => store.set({ other: null });
  const close = button("×", leave, { class: "plain icon", ...words });
  const head = [choices.map(([, choice]) => choice.element), close];
  const view = observationsView(context, { title: "Compared with", stage: (state) => state.other, head });
  const line = h("p", { class: "line differences", role: "status" });
  view.element.querySelector(".card-body").append(line);
  const counting = latest((sentence) => fill(line, sentence));
  const destroy = together(
    store.on(["model", "other"], ({ model, other }) => {
      if (!other) return;
      for (const [axis, choice] of choices) {
        const places = model.runs[other.run].about[`${axis}s`];
        choice.set(places.map(({ name }, i) => ({ value: String(i), title: name })), String(other[axis]));
      }
    }),
    store.on(["model", "run", "checkpoint", "other"], (state) => {
      if (state.other) counting(() => compared(state), (found) => fill(line, said(found, store)));
    }),
    view.destroy,
  );
  return { element: view.element, destroy };
}

/**
 * Return what the predictions of the two places have apart: of one run from the earlier checkpoint
 * to the later, of two runs from the first to the other.
 *
 * @param {import("../state/store.js").State} state
 */
async function compared(state) {
  const { model, other } = state;
  const here = { run: state.run, layer: state.layer, checkpoint: state.checkpoint };
  const run = runOf(state);
  const alone = other.run === here.run;
  if (alone && other.checkpoint === here.checkpoint) {
    return { same: run.about.checkpoints[here.checkpoint].name };
  }
  const [from, to] = alone && other.checkpoint < here.checkpoint ? [other, here] : [here, other];
  const runs = [from, to].map((place) => model.runs[place.run]);
  const [before, after, truth] = await Promise.all([
    runs[0].predicted(from.checkpoint),
    runs[1].predicted(to.checkpoint),
    run.classes ? run.labels(run.about.label) : null,
  ]);
  if (!before || !after) return null;
  const names = alone
    ? [runs[0].about.checkpoints[from.checkpoint].name, runs[1].about.checkpoints[to.checkpoint].name]
    : [runs[0].about.name, runs[1].about.name];
  const known = run.classes?.names.length;
  return { ...differences(before, after, truth, known), n: run.n, names, alone, truth: Boolean(truth) };
}

/** @param {any} found @param {import("../state/store.js").Store} store */
function said(found, store) {
  if (!found) return "The predictions of one of the two were not recorded.";
  if (found.same) return `Both show ${found.same}, so their predictions are the same.`;
  const { changed, gained, lost, both, n, names, alone, truth } = found;
  const way = alone ? `from ${names[0]} to ${names[1]}` : `between ${names[0]} and ${names[1]}`;
  const link = (ids, words, selected) => {
    if (!ids.length) return words;
    const about = { class: "text", title: `Select these ${count(ids.length)}` };
    return button(words, () => store.select(ids, selected), about);
  };
  const differ = `${count(changed.length)} of ${count(n)} predictions differ`;
  const total = link(changed, differ, `predicted differently ${way}`);
  if (!truth) return [total, ` ${way}.`];
  const [better, worse] = alone
    ? [`${count(gained.length)} became right`, `${count(lost.length)} became wrong`]
    : [`${count(gained.length)} are right only in ${names[1]}`, `${count(lost.length)} only in ${names[0]}`];
  return [
    total, ` ${way}: `,
    link(gained, better, better.replace(/^\S+ /, "")), ", ",
    link(lost, worse, worse.replace(/^\S+ /, "")),
    both.length > 0 && [", ", link(both, `${count(both.length)} are ${OTHERWISE}`, OTHERWISE)], ".",
  ];
}
