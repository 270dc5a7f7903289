/**
 * A few observations under a heading: pictures with a line below, else rows of words.
 */

import { classOf, inWords, isWrong } from "../facts/observations.js";
import { h } from "./dom.js";
import { classMark, clipped, cross } from "./marks.js";
import { observation } from "./observation.js";
import { Tiles } from "./tiles.js";

const SIZE = 60;

/**
 * Return observations as buttons under a heading.
 *
 * @param {string} title
 * @param {ArrayLike<number>} ids
 * @param {Object} how
 * @param {import("../facts/observations.js").Facts} how.facts
 * @param {import("../state/store.js").Store} how.store
 * @param {(i: number) => string} [how.value] a number to say of each instead of its class
 * @returns {HTMLElement}
 */
export function examples(title, ids, { facts, store, value }) {
  const { dark } = store.state;
  const tiles = new Tiles(facts.run);
  const wrong = (i) => isWrong(facts, i) && cross();
  const color = (i) => facts.truth && classMark(facts, facts.truth[i], dark)[0];
  const line = (i) =>
    value ? value(i) : [color(i), clipped(classOf(facts, i) || String(facts.rows[i]))];
  const picture = (i) => [tiles.tile(i, SIZE), h("span", { class: "shot-value" }, line(i), wrong(i))];
  const words = (i) => [
    color(i),
    clipped(facts.texts ? facts.texts[i] : inWords(facts, i)),
    wrong(i),
    value && h("span", { class: "shot-value" }, value(i)),
  ];
  const [kind, inside, holder] = tiles.inputs ? ["shot", picture, "strip"] : ["example", words, "rows"];
  const one = (i) => {
    const said = value && `${inWords(facts, i)}: ${value(i)}`;
    return observation({ facts, store }, i, kind, inside(i), said && { title: said, "aria-label": said });
  };
  return h(
    "div",
    { class: "examples" },
    h("h3", {}, title),
    h("div", { class: holder, role: "group", "aria-label": title }, Array.from(ids, one)),
  );
}
