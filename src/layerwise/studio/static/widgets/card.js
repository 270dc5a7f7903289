/**
 * The frame of a view: a heading with controls beside it, and a body.
 */

import { button, fill, h } from "./dom.js";

/**
 * Return an empty card.
 *
 * @param {string} kind its CSS class
 * @param {string} title
 * @param {...any} controls stand at the right of the heading
 */
export function card(kind, title, ...controls) {
  const note = h("span", { class: "quiet card-note" });
  const tools = h("span", { class: "card-tools" }, controls);
  const body = h("div", { class: "card-body" });
  const heading = h("h2", {}, title);
  const head = h("header", { class: "card-head" }, heading, note, tools);
  const element = h("section", { class: `card ${kind}`, "aria-label": title }, head, body);
  return {
    element,
    title: heading,
    tools,
    body,
    /** Say something beside the heading. @param {string} text */
    note: (text) => {
      fill(note, text);
      note.title = text;
    },
    /** Show one sentence instead of the view. @param {string} sentence */
    say: (sentence) => fill(body, h("p", { class: "quiet empty" }, sentence)),
    /** Say what went wrong. @param {string} sentence @param {() => void} again what may help */
    fail: (sentence, again) =>
      fill(body, h("p", { class: "warn", role: "alert" }, sentence), h("p", {}, button("Try again", again))),
  };
}
