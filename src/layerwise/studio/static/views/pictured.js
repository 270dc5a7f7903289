/**
 * Pictures that were made of one unit or observation, each under its kind.
 */

import { picturesOf } from "../data/pictures.js";
import { h } from "../widgets/dom.js";
import { clipped } from "../widgets/marks.js";
import { cut, sheet } from "../widgets/tiles.js";
import { enlarge } from "./enlarged.js";

/** Css px of the longer side: of one picture at most, of several, and what small ones are drawn at. */
const WIDE = 286;
const SEVERAL = 138;
const SMALL = 92;

/** Sides above which there is more to see in a larger one. */
const COARSE = 64;

/** What a unit or an observation stands for at a glance. */
const GLANCE = ["top patches", "preferred inputs", "attributions", "adversarial samples"];

/**
 * Return elements for the pictures about something; none if there are none.
 *
 * The kinds of {@link GLANCE} come first, and no others if `brief`.
 *
 * @param {any} context
 * @param {import("../data/run.js").Run} run
 * @param {"unit"|"observation"} about
 * @param {number} index
 * @param {import("../data/run.js").Place} place
 * @param {boolean} brief
 * @returns {Promise<HTMLElement[]>}
 */
export async function pictured(context, run, about, index, place, brief) {
  const rank = ({ entry }) => GLANCE.indexOf(entry.kind) + 1 || GLANCE.length + 1;
  const found = picturesOf(run, about, index, place)
    .filter((one) => !brief || rank(one) <= GLANCE.length)
    .sort((one, other) => rank(one) - rank(other));
  const bitmaps = await Promise.all(found.map(({ entry }) => sheet(run.model, entry.sheet)));
  return found.map(({ entry, places }, k) => {
    const longer = Math.max(entry.width, entry.height);
    const most = places.length > 1 && longer < 2 * entry.height ? SEVERAL : WIDE;
    const size = longer > COARSE ? Math.min(longer, most) : SMALL;
    const one = (at) => {
      const picture = cut(bitmaps[k], entry, at, size);
      const name = places.length > 1 && h("span", { class: "picture-name" }, clipped(entry.names[at]));
      return longer > COARSE
        ? enlarge(context, entry, bitmaps[k], at, [picture, name])
        : h("span", { class: "shot" }, picture, name);
    };
    return h(
      "figure",
      { class: "pictured" },
      h("figcaption", {}, h("b", {}, named(entry.kind)), clipped(entry.title)),
      h("div", { class: "picture-grid" }, places.map(one)),
    );
  });
}

/** @param {string} kind @returns {string} as a heading */
function named(kind) {
  return kind.slice(0, 1).toUpperCase() + kind.slice(1);
}
