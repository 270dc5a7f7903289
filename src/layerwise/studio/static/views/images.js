/**
 * Pictures that were made of the network: filters, top patches, preferred inputs, attributions.
 *
 * The reader chooses a kind; of it those of the current layer are shown, one a unit, if there are any.
 */

import { numberOf, unitOf } from "../data/pictures.js";
import { same } from "../data/run.js";
import { count } from "../facts/words.js";
import { follow } from "../state/latest.js";
import { runOf, together } from "../state/store.js";
import { card } from "../widgets/card.js";
import { chips } from "../widgets/chips.js";
import { button, fill, h } from "../widgets/dom.js";
import { clipped, markPinned } from "../widgets/marks.js";
import { paged } from "../widgets/paged.js";
import { roving } from "../widgets/roving.js";
import { cut, sheet } from "../widgets/tiles.js";
import { enlarge, leads } from "./enlarged.js";

const KEYS = ["model", "run", "layer", "checkpoint"];

/** Pictures that are shown at first, and kinds that are shown as buttons. */
const PAGE = 96;
const TABS = 6;

/** Longer sides in css px: of small pictures, of larger ones and of mosaics. */
const SMALL = 56;
const LARGE = 120;
const MOSAIC = 188;

/** Sides of a mosaic in pixels, which is enlarged on a click: smaller pictures lead on at once. */
const FINE = 64;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function imagesView(context) {
  const { store } = context;
  const tabs = h("span", { class: "tabs" });
  const frame = card("images", "Pictures", tabs);
  roving(frame.body);
  /** The set that is shown. */
  let chosen = 0;
  let last = "";

  const entryOf = (state) => runOf(state).about.images[chosen];
  const mark = (state) => {
    const entry = entryOf(state);
    if (!entry) return;
    const { unit, pinned, layer } = state;
    const own = entry.layer === layer && unit >= 0;
    const number = own ? numberOf(entry, runOf(state).about.layers[layer], unit) : -1;
    markPinned(frame.body, "index", { unit: number, observation: pinned }[entry.about] ?? -1);
  };
  /** Of a kind those of the layer that is looked at, else the same as before. */
  const nearest = ({ images }, state, kind) => {
    const offer = offered(images, state);
    const alike = offer.filter((one) => one.kind === kind);
    const of = alike.find((one) => same(one, state)) ?? alike.find(({ layer }) => layer === state.layer)
      ?? alike.find(({ title }) => title === images[chosen]?.title) ?? alike[0] ?? offer[0];
    return Math.max(images.indexOf(of), 0);
  };
  const read = async (state) => {
    const { about } = runOf(state);
    frame.element.hidden = !about.images.length;
    const here = `${state.run} ${state.layer} ${state.checkpoint} ${about.images.length}`;
    if (here !== last) chosen = nearest(about, state, about.images[chosen]?.kind);
    last = here;
    const entry = entryOf(state);
    return { entry, bitmap: entry && (await sheet(state.model, entry.sheet)) };
  };
  const paint = ({ entry, bitmap }, state) => {
    if (!entry) return;
    const { about } = runOf(state);
    const offer = offered(about.images, state);
    const kinds = [...new Set(offer.map(({ kind }) => kind))];
    const names = kinds.map((title) => ({ title, inside: clipped(title) }));
    const turn = (kind) => open(nearest(about, state, kinds[kind]));
    const sets = offer.filter(({ kind }) => kind === entry.kind);
    const titles = sets.map(({ title }) => ({ title, inside: title }));
    const go = (number) => open(about.images.indexOf(sets[number]));
    fill(
      tabs,
      kinds.length > 1 && chips("Kind of picture", names, kinds.indexOf(entry.kind), turn, TABS),
      sets.length > 1 && chips("Set of pictures", titles, sets.indexOf(entry), go, 0),
    );
    const made = [about.layers[entry.layer]?.name, about.checkpoints[entry.checkpoint]?.name];
    frame.note([...made.filter(Boolean), count(entry.index.length)].join(" · "));
    const label = h("p", { class: "quiet line" }, entry.title);
    const grid = h("div", { class: "picture-grid", role: "group", "aria-label": entry.title });
    const places = Array.from(entry.index.keys());
    const add = (some) => grid.append(...some.map((at) => picture(entry, bitmap, at, context)));
    fill(frame.body, label, grid, paged(places, PAGE, add));
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

/** One picture with its name: a click leads to what it is about, or shows a mosaic large. */
function picture(entry, bitmap, at, context) {
  const index = entry.index[at];
  const name = entry.names?.[at] ?? String(index);
  const longer = Math.max(entry.width, entry.height);
  const size = longer > FINE ? Math.min(longer, MOSAIC) : longer > SMALL ? LARGE : SMALL;
  const inside = [cut(bitmap, entry, at, size), h("span", { class: "picture-name" }, clipped(name))];
  const about = { title: name, class: "shot", "data-index": index };
  if (longer > FINE) return enlarge(context, entry, bitmap, at, inside, { ...pointed(entry, index, context), "data-index": index });
  const to = leads(context, entry, at);
  if (!to) return h("figure", about, inside);
  const words = entry.about === "unit" ? `Neuron ${name}` : entry.about === "class" ? `Select ${name}` : name;
  return button(inside, to.go, { ...about, ...pointed(entry, index, context), "aria-label": words });
}

/** What is pointed at is shown in the other views too. */
function pointed(entry, index, { store }) {
  const set = (key, number) => ({
    onmouseenter: () => store.set({ [key]: number }),
    onmouseleave: () => store.set({ [key]: -1 }),
  });
  const { state } = store;
  if (entry.about === "observation") return set("hover", index);
  if (entry.about !== "unit" || entry.layer !== state.layer) return {};
  return set("hoverUnit", unitOf(entry, runOf(state).about.layers[state.layer], index));
}
