/**
 * The studio inside a report: all its data lie in the page, packed, and nothing is fetched.
 */

import { mount } from "./app.js";
import { InlineSource, unpacked } from "./data/source.js";

/** @param {string} name @returns {string} what a data block of the page holds */
function block(name) {
  return document.getElementById(`studio-${name}`).textContent;
}

const source = new InlineSource(
  JSON.parse(block("manifest")),
  JSON.parse(block("index")),
  unpacked(block("data")),
);
mount(document.getElementById("studio"), source, { embedded: true, address: true });
