/**
 * Pictures that were made of the network: filters, class means, preferred inputs, attributions.
 */

import { same } from "../data/run.js";
import { count } from "../facts/words.js";
import { chooseUnit, pin, selectClass } from "../state/actions.js";
import { follow } from "../state/latest.js";
import { runOf, together } from "../state/store.js";
import { card } from "../widgets/card.js";
import { chips } from "../widgets/chips.js";
import { button, fill, h } from "../widgets/dom.js";
import { clipped, markPinned } from "../widgets/marks.js";
import { paged } from "../widgets/paged.js";
import { roving } from "../widgets/roving.js";
import { cut, sheet } from "../widgets/tiles.js";

const KEYS = ["model", "run", "layer", "checkpoint"];

/** Pictures that are shown at first, and titles that are shown as buttons. */
const PAGE = 96;
const TABS = 6;

/** Longer sides in css px: of small pictures and of larger ones. */
const SMALL = 56;
const LARGE = 120;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function imagesView(context) {
  const { store } = context;
  const tabs = h("span", { class: "tabs" });
  const frame = card("images", "Pictures", tabs);
  roving(frame.body);
  let chosen = 0;
  let last = "";

  const entryOf = (state) => runOf(state).about.images[chosen];
  const mark = (state) => {
    const entry = entryOf(state);
    if (!entry) return;
    const { unit, pinned, layer } = state;
    const of = { unit: entry.layer === layer ? unit : -1, observation: pinned };
    markPinned(frame.body, "index", of[entry.about] ?? -1);
  };
  /** Of the kind that is shown, those of the layer that is looked at, or the same as before. */
  const nearest = ({ images }, state) => {
    const { kind, title } = images[chosen] ?? {};
    const offer = offered(images, state);
    const alike = offer.filter((one) => one.kind === kind);
    const of = alike.find((one) => same(one, state)) ?? alike.find(({ layer }) => layer === state.layer)
      ?? alike.find((one) => one.title === title) ?? alike[0] ?? offer[0];
    return Math.max(images.indexOf(of), 0);
  };
  const read = async (state) => {
    const { about } = runOf(state);
    frame.element.hidden = !about.images.length;
    const here = `${state.run} ${state.layer} ${state.checkpoint}`;
    if (here !== last) chosen = nearest(about, state);
    last = here;
    const entry = entryOf(state);
    return { entry, bitmap: entry && (await sheet(state.model, entry.sheet)) };
  };
  const paint = ({ entry, bitmap }, state) => {
    if (!entry) return;
    const { about } = runOf(state);
    const offer = offered(about.images, state);
    const names = offer.map(({ title }) => ({ title, inside: clipped(title) }));
    const go = (number) => open(about.images.indexOf(offer[number]));
    fill(tabs, chips("Pictures", names, offer.indexOf(entry), go, TABS));
    const made = [about.layers[entry.layer]?.name, about.checkpoints[entry.checkpoint]?.name];
    frame.note([...made.filter(Boolean), count(entry.index.length)].join(" · "));
    const grid = h("div", { class: "picture-grid", role: "group", "aria-label": entry.title });
    const size = Math.max(entry.width, entry.height) > SMALL ? LARGE : SMALL;
    const places = Array.from(entry.index.keys());
    const add = (some) => grid.append(...some.map((at) => picture(entry, bitmap, at, size, context)));
    fill(frame.body, grid, paged(places, PAGE, add));
    mark(store.state);
  };
  const open = (number) => {
    chosen = number;
    view.again();
  };
  const view = follow(store, KEYS, read, paint, frame.fail);
  return { element: frame.element, destroy: together(view.stop, store.on(["unit", "pinned"], mark)) };
}

/** The sets of the checkpoint that is looked at, and those of none; all, if there are no such. */
function offered(images, { checkpoint }) {
  const here = images.filter((one) => one.checkpoint === checkpoint || one.checkpoint === null);
  return here.length ? here : images;
}

/** One picture with its name; a button if it is about something that can be gone to. */
function picture(entry, bitmap, place, size, context) {
  const index = entry.index[place];
  const name = entry.names?.[place] ?? String(index);
  const inside = [cut(bitmap, entry, place, size), h("span", { class: "picture-name" }, clipped(name))];
  const about = { title: name, class: "shot", "data-index": index };
  const [go, label] = {
    unit: [() => chooseUnit(context, index, placeOf(entry)), `Neuron ${name}`],
    observation: [() => pin(context.store, index), name],
    class: [() => selectClass(context.store, index), `Select ${name}`],
  }[entry.about] ?? [];
  return go ? button(inside, go, { ...about, "aria-label": label }) : h("figure", about, inside);
}

/** @param {any} entry @returns {any} the layer and checkpoint that it is of, as far as it says */
function placeOf({ layer, checkpoint }) {
  const known = Object.entries({ layer, checkpoint }).filter(([, at]) => at !== null && at !== undefined);
  return Object.fromEntries(known);
}
