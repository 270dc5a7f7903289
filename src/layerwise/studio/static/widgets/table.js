/**
 * A real table that its headings sort.
 *
 * @typedef {Object} Column
 * @property {string} title
 * @property {(row: any) => any} cell what stands in it: text or a node
 * @property {(row: any) => number|string} [value] what it is sorted by; without it is not sorted
 * @property {boolean} [number] numbers stand at the right
 */

import { button, fill, h } from "./dom.js";

/** A table of rows, sorted by one of its columns. */
export class Table {
  /**
   * @param {string} caption for those who do not see it
   * @param {Column[]} columns
   * @param {{by?: number, down?: boolean, kind?: (row: any) => string}} [how] the column it is first
   *   sorted by and whether from the largest; the CSS class of a row
   */
  constructor(caption, columns, { by = -1, down = false, kind = () => "" } = {}) {
    this.columns = columns;
    this.by = by;
    this.down = down;
    this.kind = kind;
    /** @type {any[]} */
    this.rows = [];
    this.heads = columns.map((column, place) => this.head(column, place));
    this.body = h("tbody");
    this.element = h(
      "table",
      { class: "table" },
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, this.heads)),
      this.body,
    );
  }

  /** @param {any[]} rows */
  show(rows) {
    this.rows = rows;
    const sorted = ordered(rows, this.columns[this.by]?.value, this.down);
    fill(this.body, sorted.map((row) => this.line(row)));
    this.heads.forEach((head, place) => {
      if (!this.columns[place].value) return;
      const way = this.down ? "descending" : "ascending";
      head.setAttribute("aria-sort", place === this.by ? way : "none");
    });
  }

  /** @param {Column} column @param {number} place */
  head({ title, value, number }, place) {
    const sort = () => {
      this.down = place === this.by ? !this.down : Boolean(number);
      this.by = place;
      this.show(this.rows);
    };
    const inside = value ? button(title, sort, { class: "sort" }) : title;
    return h("th", { scope: "col", class: number ? "number" : null }, inside);
  }

  /** @param {any} row */
  line(row) {
    const cells = this.columns.map(({ cell, number }, place) => {
      const [tag, scope] = place ? ["td", null] : ["th", "row"];
      return h(tag, { scope, class: number ? "number" : null }, cell(row));
    });
    return h("tr", { class: this.kind(row) || null }, cells);
  }
}

/**
 * Return rows sorted by a value of theirs, equal ones as they were; what is not a number comes last.
 *
 * @template T
 * @param {T[]} rows
 * @param {((row: T) => number|string)|undefined} value
 * @param {boolean} down
 * @returns {T[]}
 */
export function ordered(rows, value, down) {
  if (!value) return rows;
  const keyed = rows.map((row) => ({ row, key: value(row) }));
  const sign = down ? -1 : 1;
  return keyed
    .sort((a, b) => {
      if (typeof a.key === "string") {
        return sign * a.key.localeCompare(String(b.key), "en", { numeric: true });
      }
      const [x, y] = [Number.isNaN(a.key), Number.isNaN(b.key)];
      if (x || y) return Number(x) - Number(y);
      return sign * (a.key - Number(b.key));
    })
    .map(({ row }) => row);
}
