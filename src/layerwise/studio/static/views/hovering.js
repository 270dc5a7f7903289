/**
 * The card beside the point under the pointer: its picture, its class and what the network says.
 */

import { fill, h, together } from "../widgets/dom.js";
import { classOf, factsOf, isWrong, saidOf } from "../facts/facts.js";
import { latest } from "../state/latest.js";
import { Tiles } from "../looks/tiles.js";
import { clipped, cross, dot } from "../widgets/card.js";
import { seen } from "../looks/color.js";
import { count } from "../facts/words.js";

const PICTURE = 72;
const BESIDE = 14;

/**
 * @param {any} context
 * @param {import("../scatter/scatter.js").Scatter} scatter
 * @param {(state: any) => any} stage
 */
export function hovering({ store }, scatter, stage) {
  const element = h("div", { class: "hover-card", "aria-hidden": "true", hidden: true });
  const hide = () => (element.hidden = true);
  const read = (id) => {
    const at = stage(store.state);
    if (id < 0 || !at) return null;
    const run = store.state.model.runs[at.run];
    return Promise.all([factsOf(run, at.checkpoint), new Tiles(run).picture(id, PICTURE)]);
  };
  const paint = (found, id) => {
    if (!found) return hide();
    const [facts, picture] = found;
    fill(element, picture, told(facts, id, store.state.dark));
    element.hidden = false;
    stand(element, scatter.toScreen(id));
  };
  const telling = latest(hide);
  const show = (id) => telling(() => read(id), (found) => paint(found, id));
  const away = () => show(-1);
  return {
    element,
    destroy: together(scatter.on("hover", show), scatter.on("view", away)),
  };
}

/** @param {import("../facts/facts.js").Facts} facts @param {number} id @param {boolean} dark */
function told(facts, id, dark) {
  const color = (code) => seen(facts.colors[code] ?? "#A9A9A9", dark);
  const name = classOf(facts, id);
  const guess = saidOf(facts, id);
  const wrong = isWrong(facts, id);
  const lines = [];
  if (name) lines.push(h("p", {}, dot(color(facts.truth[id])), clipped(name)));
  if (wrong) {
    lines.push(h("p", { class: "wrong" }, cross(), dot(color(facts.said[id])), clipped(guess)));
  } else if (guess && !name) lines.push(h("p", {}, "→ ", dot(color(facts.said[id])), clipped(guess)));
  return h("div", {}, lines, h("p", { class: "quiet" }, `row ${count(facts.rows[id])}`));
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
  const top = Math.min(Math.max(y - offsetHeight / 2, 4), clientHeight - offsetHeight - 4);
  element.style.setProperty("transform", `translate(${Math.max(left, 4)}px, ${top}px)`);
}
