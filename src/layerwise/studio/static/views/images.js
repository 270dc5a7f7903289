/**
 * Pictures that were made of the network: filters, class means, preferred inputs, attributions.
 */

import { chooseUnit, pin } from "../state/choose.js";
import { where } from "../facts/counts.js";
import { fill, h, together } from "../widgets/dom.js";
import { latest } from "../state/latest.js";
import { runOf } from "../state/store.js";
import { cut, sheet } from "../looks/tiles.js";
import { card, clipped } from "../widgets/card.js";
import { roving } from "../widgets/roving.js";
import { count } from "../facts/words.js";

const KEYS = ["model", "run", "layer", "checkpoint"];
const PAGE = 96;
const TABS = 6;
const SMALL = 56;
const LARGE = 120;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function imagesView(context) {
  const { store } = context;
  const tabs = h("span", { class: "tabs" });
  const frame = card("images", "Pictures", tabs);
  const refresh = roving(frame.body);
  let chosen = 0;

  const read = async (/** @type {any} */ state) => {
    const entry = runOf(state).about.images[chosen];
    return { entry, bitmap: entry && (await sheet(state.model, entry.sheet)) };
  };
  const paint = ({ entry, bitmap }, state) => {
    if (!entry) return;
    const { about } = runOf(state);
    const made = [about.layers[entry.layer]?.name, about.checkpoints[entry.checkpoint]?.name];
    frame.note([...made.filter(Boolean), count(entry.index.length)].join(" · "));
    const grid = h("div", { class: "picture-grid", role: "group", "aria-label": entry.title });
    const rest = h("button", { type: "button", class: "plain more" });
    const size = Math.max(entry.width, entry.height) > SMALL ? LARGE : SMALL;
    let shown = 0;
    const add = () => {
      const end = Math.min(shown + PAGE, entry.index.length);
      for (; shown < end; shown++) grid.append(one(entry, bitmap, shown, size, context));
      rest.hidden = shown >= entry.index.length;
      fill(rest, `Show more of ${count(entry.index.length)}`);
      refresh();
    };
    rest.addEventListener("click", add);
    fill(frame.body, grid, rest);
    add();
    mark(grid, state, entry);
  };
  const newest = latest(frame.say);
  const painted = (/** @type {any} */ state) =>
    newest(
      () => read(state),
      (found) => paint(found, state),
    );
  const follow = (/** @type {any} */ state, /** @type {Set<string>} */ changed) => {
    const { images } = runOf(state).about;
    frame.element.hidden = !images.length;
    if (!images[chosen] || changed.has("run")) chosen = 0;
    const kind = images[chosen]?.kind;
    const here = images.findIndex(
      (one) =>
        one.kind === kind && one.layer === state.layer && one.checkpoint === state.checkpoint,
    );
    const near = images.findIndex((one) => one.kind === kind && one.layer === state.layer);
    if (here >= 0 || near >= 0) chosen = here >= 0 ? here : near;
    fill(tabs, chooser(images, chosen, open));
    painted(state);
  };
  const open = (/** @type {number} */ number) => {
    chosen = number;
    fill(tabs, chooser(runOf(store.state).about.images, chosen, open));
    painted(store.state);
  };
  return {
    element: frame.element,
    destroy: together(
      store.on(KEYS, follow),
      store.on(["unit", "pinned"], (state) => {
        const entry = runOf(state).about.images[chosen];
        if (entry) mark(frame.body, state, entry);
      }),
      newest.stop,
    ),
  };
}

/** Titles to choose from: tabs if they are few, else a menu. */
function chooser(images, chosen, open) {
  if (images.length > TABS) {
    const options = images.map(({ title }, i) =>
      h("option", { value: i, selected: i === chosen }, title),
    );
    return h(
      "select",
      {
        "aria-label": "Pictures",
        onchange: (/** @type {any} */ event) => open(Number(event.target.value)),
      },
      options,
    );
  }
  return images.map(({ title }, i) =>
    h(
      "button",
      {
        type: "button",
        class: "chip",
        "aria-pressed": String(i === chosen),
        onclick: () => open(i),
      },
      clipped(title),
    ),
  );
}

/** One picture with its name; a button if it is about something that can be gone to. */
function one(entry, bitmap, place, size, context) {
  const { store } = context;
  const index = entry.index[place];
  const name = entry.names?.[place] ?? String(index);
  const go = {
    unit: () => chooseUnit(context, index, placeOfEntry(entry)),
    observation: () => pin(store, index),
    class: () => selectClass(store, index),
  }[entry.about];
  const inside = [
    cut(bitmap, entry, place, size),
    h("span", { class: "picture-name" }, clipped(name)),
  ];
  const said = { title: name, class: "shot", "data-index": index };
  if (!go) return h("figure", said, inside);
  const label = { unit: `Neuron ${name}`, observation: name, class: `Select ${name}` }[entry.about];
  return h("button", { ...said, type: "button", "aria-label": label, onclick: go }, inside);
}

/** @param {any} entry @returns {any} the layer and checkpoint that it is of, as far as it says */
function placeOfEntry({ layer, checkpoint }) {
  const place = {};
  if (layer !== null && layer !== undefined) place.layer = layer;
  if (checkpoint !== null && checkpoint !== undefined) place.checkpoint = checkpoint;
  return place;
}

/** @param {any} store @param {number} code */
async function selectClass(store, code) {
  const run = runOf(store.state);
  if (!run.classes) return;
  const truth = await run.labels(run.classes.name);
  if (runOf(store.state) !== run) return;
  store.select(
    where(run.n, (i) => truth[i] === code),
    `${run.classes.name} ${run.classes.names[code]}`,
  );
}

/** Mark the chosen neuron or the pinned observation among the pictures. */
function mark(grid, { unit, pinned, layer }, entry) {
  const current =
    { unit: entry.layer === layer ? unit : -1, observation: pinned }[entry.about] ?? -1;
  for (const shot of grid.querySelectorAll("[data-index]")) {
    shot.toggleAttribute("data-pinned", shot.getAttribute("data-index") === String(current));
  }
}
