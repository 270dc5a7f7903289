/**
 * A choice among names: the browser's own <select>, with a label.
 */

import { fill, h } from "./dom.js";

/**
 * @typedef {{value: string, title: string, group?: string, disabled?: boolean}} Option
 */

/**
 * Return a labelled choice.
 *
 * @param {string} label
 * @param {(value: string) => void} choose
 * @param {{hidden?: boolean, action?: boolean}} [how] `hidden`: the label is there for screen
 *   readers only; `action`: a menu of things to do, which shows the label and keeps no choice
 */
export function menu(label, choose, { hidden = false, action = false } = {}) {
  const select = h("select", { "aria-label": label });
  const words = hidden || action ? null : h("span", { class: "quiet" }, label);
  const element = h("label", { class: "menu" }, words, select);
  let shown = "";
  select.addEventListener("change", () => {
    const { value } = select;
    if (action) select.value = "";
    choose(value);
  });
  return {
    element,
    select,
    /** @param {Option[]} options @param {string} value */
    set(options, value) {
      const all = action ? [{ value: "", title: label }, ...options] : options;
      const signature = JSON.stringify(all);
      if (signature !== shown) fill(select, grouped(all)); // an open list must not be replaced
      shown = signature;
      select.value = action ? "" : value;
    },
  };
}

/** @param {Option[]} options */
function grouped(options) {
  const found = [];
  const groups = new Map();
  for (const { value, title, group, disabled } of options) {
    const option = h("option", { value, disabled }, title);
    if (!group) found.push(option);
    else if (groups.has(group)) groups.get(group).append(option);
    else {
      groups.set(group, h("optgroup", { label: group }, option));
      found.push(groups.get(group));
    }
  }
  return found;
}
