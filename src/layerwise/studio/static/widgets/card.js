/**
 * The frame of a view: a heading with controls beside it, and a body.
 */

import { fill, h } from "./dom.js";

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
  };
}

/**
 * Return a colour dot; it never stands without the name that it colours.
 *
 * @param {string} color
 */
export function dot(color) {
  return h("span", { class: "dot", "aria-hidden": "true", style: { background: color } });
}

/** Return a name that is cut where there is no room, and can be read whole. @param {string} name */
export function clipped(name) {
  return h("span", { class: "clipped", title: name }, name);
}

/** Return the mark of a wrong prediction. */
export function cross() {
  return h("span", { class: "wrong-mark", role: "img", "aria-label": "wrong" }, "×");
}
