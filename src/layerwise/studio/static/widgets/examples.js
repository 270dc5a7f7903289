/**
 * A few observations as buttons that pin them: pictures with a line below, else rows of words.
 */

import { seen } from "../looks/color.js";
import { pin } from "../state/choose.js";
import { h } from "./dom.js";
import { classOf, isWrong, told } from "../facts/facts.js";
import { Tiles } from "../looks/tiles.js";
import { clipped, cross, dot } from "./card.js";

const SIZE = 60;
const NO_CLASS = "#A9A9A9";

/**
 * Return observations under a heading.
 *
 * @param {string} title
 * @param {ArrayLike<number>} ids
 * @param {Object} how
 * @param {import("../facts/facts.js").Facts} how.facts
 * @param {string[]|null} how.text what each says, of a run of texts
 * @param {import("../state/store.js").Store} how.store
 * @param {(i: number) => string} [how.value] a number to say of each instead of its class
 * @returns {HTMLElement}
 */
export function examples(title, ids, { facts, text, store, value }) {
  const tiles = new Tiles(facts.run);
  const pictured = Boolean(tiles.inputs);
  const over = (/** @type {number} */ hover) => () => store.set({ hover });
  const color = (/** @type {number} */ i) =>
    seen(facts.colors[facts.truth[i]] ?? NO_CLASS, store.state.dark);
  const about = (/** @type {number} */ i) =>
    pictured
      ? [tiles.tile(i, SIZE), h("span", { class: "shot-value" }, line(i))]
      : [
          facts.truth && dot(color(i)),
          clipped(text ? text[i] : told(facts, i)),
          isWrong(facts, i) && cross(),
          value && h("span", { class: "shot-value" }, value(i)),
        ];
  const line = (/** @type {number} */ i) => {
    if (value) return [value(i), isWrong(facts, i) && cross()];
    return [
      facts.truth && dot(color(i)),
      clipped(classOf(facts, i) || String(facts.rows[i])),
      isWrong(facts, i) && cross(),
    ];
  };
  const one = (/** @type {number} */ i) => {
    const said = value ? `${told(facts, i)}: ${value(i)}` : told(facts, i);
    const listeners = {
      onmouseenter: over(i),
      onmouseleave: over(-1),
      onfocus: over(i),
      onblur: over(-1),
    };
    const kind = `${pictured ? "shot" : "example"}${isWrong(facts, i) ? " wrong" : ""}`;
    const click = () => {
      pin(store, i);
      store.set({ hover: -1 });
    };
    return h(
      "button",
      {
        type: "button",
        class: kind,
        title: said,
        "aria-label": said,
        onclick: click,
        ...listeners,
      },
      about(i),
    );
  };
  return h(
    "div",
    { class: "examples" },
    h("h3", {}, title),
    h(
      "div",
      { class: pictured ? "strip" : "rows", role: "group", "aria-label": title },
      Array.from(ids, one),
    ),
  );
}
