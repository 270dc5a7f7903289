/**
 * What is read once and closed again: the facts of the run, and the keys.
 */

import { count, counted } from "../facts/words.js";
import { KEYS, MAP_KEYS } from "../state/keys.js";
import { runOf } from "../state/store.js";
import { button, h } from "../widgets/dom.js";

const INTRODUCTION =
  "A point is an observation: near ones are alike to the layer. A cross is one that the network " +
  "gets wrong. What you select in one view is selected in all.";

/**
 * Open a dialog in the page; it is gone when it is closed.
 *
 * @param {HTMLElement} root
 * @param {string} title
 * @param {...any} children
 */
function open(root, title, ...children) {
  const close = button("Close", () => dialog.close(), { class: "plain" });
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-label": title },
    h("header", { class: "card-head" }, h("h2", {}, title), h("span", { class: "card-tools" }, close)),
    h("div", { class: "dialog-body" }, children),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  root.append(dialog);
  dialog.showModal();
}

/** @param {HTMLElement} root @param {import("../state/store.js").State} state */
export function openFacts(root, state) {
  const { about } = runOf(state);
  const subset = about.subset ? ` (${about.subset})` : "";
  const shown = `${count(about.n)} of ${counted(about.of, about.noun)}${subset}`;
  const row = ([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value));
  const rows = [["Run", about.name], ["Shown", shown], ...about.facts].map(row);
  open(root, about.title, h("table", { class: "facts" }, h("tbody", {}, rows)));
}

/** @param {HTMLElement} root */
export function openHelp(root) {
  const entry = ([key, words]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)];
  const list = (keys) => h("dl", { class: "keys" }, keys.map(entry));
  open(
    root,
    "Help",
    h("p", {}, INTRODUCTION),
    h("h3", {}, "Keys anywhere"), list(KEYS),
    h("h3", {}, "Keys on a map"), list(MAP_KEYS),
  );
}
