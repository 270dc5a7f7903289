/**
 * What the colours of a picture mean: names to click, or a ramp with its numbers.
 *
 * @typedef {{name: string, words: string, color: string, n: number, ids: () => Uint32Array}} Item
 * @typedef {{low: number, high: number, stops: string[]}} Ramp
 * @typedef {{title: string, items?: Item[], ramp?: Ramp, note?: string}} Legend
 */

import { count, short } from "../facts/words.js";
import { button, fill, h } from "./dom.js";
import { clipped, dot } from "./marks.js";

/**
 * Return a legend.
 *
 * @param {(item: Item, add: boolean) => void} [choose] called for a class that is clicked; `add`
 *   where it is to join what is selected
 */
export function legend(choose = () => {}) {
  const element = h("div", { class: "legend", role: "group" });
  return {
    element,
    /** @param {Legend} about */
    show({ title, items, ramp, note }) {
      element.setAttribute("aria-label", `Colours: ${title}`);
      fill(
        element,
        items && h("ul", { class: "legend-items" }, items.map((item) => entry(item, choose))),
        ramp && ramps(title, ramp),
        note && h("p", { class: "quiet legend-note" }, note),
      );
    },
  };
}

/** @param {Item} item @param {(item: Item, add: boolean) => void} choose */
function entry(item, choose) {
  const click = (event) => choose(item, event.shiftKey || event.ctrlKey || event.metaKey);
  const words = `Select ${item.name} (${count(item.n)})`;
  const inside = [dot(item.color), clipped(item.name), h("span", { class: "quiet" }, count(item.n))];
  const about = { class: "legend-item", title: `${words}; with Shift: as well`, "aria-label": words };
  return h("li", {}, button(inside, click, about));
}

/** @param {string} title @param {Ramp} ramp */
function ramps(title, { low, high, stops }) {
  const background = `linear-gradient(to right, ${stops.join(", ")})`;
  const middle = low < 0 && high > 0 ? 0 : (low + high) / 2;
  return h(
    "figure",
    { class: "ramp" },
    h("figcaption", {}, clipped(title)),
    h("div", { class: "ramp-bar", "aria-hidden": "true", style: { background } }),
    h("div", { class: "ramp-numbers" }, [low, middle, high].map((value) => h("span", {}, short(value)))),
  );
}
