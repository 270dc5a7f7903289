/**
 * A picture as large as the window lets it be, with those of its set before and after it.
 */

import { unitOf } from "../data/pictures.js";
import { chooseUnit, pin, selectClass } from "../state/actions.js";
import { runOf } from "../state/store.js";
import { button, fill, h } from "../widgets/dom.js";
import { clipped } from "../widgets/marks.js";
import { cut } from "../widgets/tiles.js";

/** Shares of the window that a picture may fill, and how far one of few pixels is enlarged. */
const WIDTH = 0.86;
const HEIGHT = 0.7;
const MOST = 16;

/**
 * Return a picture as a button that shows it large.
 *
 * @param {any} context
 * @param {any} entry of the manifest
 * @param {ImageBitmap} bitmap
 * @param {number} at which of its set
 * @param {any} inside
 * @param {Object<string, any>} [attributes]
 */
export function enlarge(context, entry, bitmap, at, inside, attributes = {}) {
  const words = `Enlarge ${entry.names[at]}`;
  const press = () => open(context, entry, bitmap, at);
  return button(inside, press, { class: "shot", title: words, "aria-label": words, ...attributes });
}

/**
 * Return what a picture leads to: its unit, observation or class; null if it is about none.
 *
 * @param {any} context
 * @param {any} entry
 * @param {number} at
 * @returns {{words: string, go: () => void}|null}
 */
export function leads(context, entry, at) {
  const { store } = context;
  const index = entry.index[at];
  const run = runOf(store.state);
  const layer = run.about.layers[entry.layer ?? store.state.layer];
  const unit = unitOf(entry, layer, index);
  const known = Object.entries({ layer: entry.layer, checkpoint: entry.checkpoint });
  const place = Object.fromEntries(known.filter(([, number]) => number !== null));
  const name = run.classes?.names[index] ?? entry.names[at];
  return {
    unit: { words: `Colour by neuron ${unit}`, go: () => chooseUnit(context, unit, place) },
    observation: { words: "Keep it in the inspector", go: () => pin(store, index) },
    class: { words: `Select ${name}`, go: () => selectClass(store, index) },
  }[entry.about] ?? null;
}

/** Open the picture in a dialog; the arrow keys go on to the next. */
function open(context, entry, bitmap, first) {
  let at = first;
  const title = h("h2", {}, clipped(entry.title));
  const name = h("span", { class: "quiet card-note" });
  const tools = h("span", { class: "card-tools" });
  const body = h("div", { class: "enlarged-body" });
  const dialog = h(
    "dialog",
    { class: "dialog enlarged", "aria-label": entry.title },
    h("header", { class: "card-head" }, title, name, tools),
    body,
  );
  const show = () => {
    const { width, height } = entry;
    const room = Math.min((innerWidth * WIDTH) / width, (innerHeight * HEIGHT) / height, MOST);
    fill(name, entry.names[at]);
    fill(body, cut(bitmap, entry, at, Math.max(width, height) * room));
    const to = leads(context, entry, at);
    const leave = () => {
      to.go();
      dialog.close();
    };
    fill(
      tools,
      to && button(to.words, leave),
      button("‹", () => step(-1), { class: "icon", "aria-label": "Picture before", disabled: at === 0 }),
      button("›", () => step(1), { class: "icon", "aria-label": "Next picture", disabled: at === entry.index.length - 1 }),
      button("Close", () => dialog.close(), { class: "plain" }),
    );
  };
  const step = (by) => {
    at = Math.min(Math.max(at + by, 0), entry.index.length - 1);
    show();
  };
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft") step(-1);
    if (key === "ArrowRight") step(1);
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  show();
  context.root.append(dialog);
  dialog.showModal();
}
