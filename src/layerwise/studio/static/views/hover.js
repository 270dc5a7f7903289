/**
 * The card beside the point under the pointer: its picture, its class and what the network says.
 */

import { classOf, factsOf, isWrong, saidOf } from "../facts/observations.js";
import { count } from "../facts/words.js";
import { latest } from "../state/latest.js";
import { runOf, together } from "../state/store.js";
import { fill, h } from "../widgets/dom.js";
import { classMark, cross } from "../widgets/marks.js";
import { Tiles } from "../widgets/tiles.js";

const PICTURE = 72;

/** Pixels between the point and the card, and between the card and the edges of the map. */
const BESIDE = 14;
const EDGE = 4;

/**
 * @param {any} context
 * @param {import("../scatter/scatter.js").Scatter} scatter
 * @param {(state: any) => import("../state/store.js").Stage|null} stage
 */
export function hoverCard({ store }, scatter, stage) {
  const element = h("div", { class: "hover-card", "aria-hidden": "true", hidden: true });
  const hide = () => (element.hidden = true);
  const read = (id) => {
    const at = stage(store.state);
    if (id < 0 || !at) return null;
    const run = runOf(store.state, at);
    return Promise.all([factsOf(run, at.checkpoint), new Tiles(run).picture(id, PICTURE)]);
  };
  const paint = (found, id) => {
    if (!found) return hide();
    const [facts, picture] = found;
    fill(element, picture, about(facts, id, store.state.dark));
    element.hidden = false;
    stand(element, scatter.toScreen(id));
  };
  const newest = latest(hide);
  const show = (id) => newest(() => read(id), (found) => paint(found, id));
  const destroy = together(scatter.on("hover", show), scatter.on("view", () => show(-1)), newest.stop);
  return { element, destroy };
}

/** @param {import("../facts/observations.js").Facts} facts @param {number} id @param {boolean} dark */
function about(facts, id, dark) {
  const mark = (codes) => classMark(facts, codes[id], dark);
  const known = classOf(facts, id);
  return h(
    "div",
    {},
    known && h("p", {}, mark(facts.truth)),
    isWrong(facts, id) && h("p", { class: "wrong" }, cross(), mark(facts.said)),
    !known && saidOf(facts, id) && h("p", {}, "→ ", mark(facts.said)),
    h("p", { class: "quiet" }, `row ${count(facts.rows[id])}`),
  );
}

/**
 * Put the card beside the point, inside the map.
 *
 * @param {HTMLElement} element
 * @param {[number, number]} at
 */
function stand(element, [x, y]) {
  const { clientWidth, clientHeight } = element.parentElement;
  const { offsetWidth, offsetHeight } = element;
  const left = x + BESIDE + offsetWidth > clientWidth ? x - BESIDE - offsetWidth : x + BESIDE;
  const top = Math.min(Math.max(y - offsetHeight / 2, EDGE), clientHeight - offsetHeight - EDGE);
  element.style.setProperty("transform", `translate(${Math.max(left, EDGE)}px, ${top}px)`);
}
