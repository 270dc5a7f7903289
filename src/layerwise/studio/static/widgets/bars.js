/**
 * A short table of names with bars and numbers.
 *
 * @typedef {Object} Row
 * @property {any} name
 * @property {string} color
 * @property {number} from where its bar begins and ends, as shares of the width
 * @property {number} to
 * @property {string} number
 * @property {boolean} best whether it is the one to look at
 */

import { h } from "./dom.js";

/** @param {string} caption for those who do not see it @param {Row[]} rows */
export function bars(caption, rows) {
  const bar = ({ color, from, to }) => {
    const style = { left: `${100 * from}%`, width: `${100 * (to - from)}%`, background: color };
    return h("span", { class: "amount", style });
  };
  const line = (row) =>
    h(
      "tr",
      { class: row.best ? "best" : null },
      h("th", { scope: "row" }, row.name),
      h("td", { class: "bar-cell" }, bar(row)),
      h("td", { class: "number" }, row.number),
    );
  const head = h("caption", { class: "unseen" }, caption);
  return h("table", { class: "bars" }, head, h("tbody", {}, rows.map(line)));
}
