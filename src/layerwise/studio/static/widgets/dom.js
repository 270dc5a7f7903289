/**
 * Elements from plain calls. Text is only ever set as text, so no name can become markup.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Return an HTML element.
 *
 * @param {string} tag
 * @param {Object<string, any>} [attributes] `on...` functions are listeners, `style` an object of
 *   properties, booleans are present or absent, null and undefined are left out
 * @param {...any} children nodes, text, numbers, arrays of these; null and false are left out
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/**
 * Return an SVG element; see {@link h}.
 *
 * @param {string} tag
 * @param {Object<string, any>} [attributes]
 * @param {...any} children
 * @returns {any}
 */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * Return a button.
 *
 * @param {any} inside
 * @param {(event: any) => void} press
 * @param {Object<string, any>} [attributes] class, title and the like
 * @returns {HTMLButtonElement}
 */
export function button(inside, press, attributes = {}) {
  return h("button", { type: "button", onclick: press, ...attributes }, inside);
}

/**
 * Put these children into a node, in place of those it has. The focus stays where it was: on the
 * control of the same name, else on the one at the same place.
 *
 * @param {Element} node
 * @param {...any} children
 */
export function fill(node, ...children) {
  const held = /** @type {any} */ (node.getRootNode()).activeElement;
  const place = held && held !== node && node.contains(held) ? controls(node).indexOf(held) : -1;
  node.replaceChildren(...nodes(children));
  if (place < 0) return;
  const now = controls(node);
  const again = now.includes(held) ? held : now.find((one) => named(one) === named(held));
  (again ?? now[Math.min(place, now.length - 1)])?.focus({ preventScroll: true });
}

/** @param {Element} node @returns {any[]} */
function controls(node) {
  return [...node.querySelectorAll("button:enabled, select, input, summary, [tabindex]")];
}

/** @param {Element} control */
function named(control) {
  return control.getAttribute("aria-label") ?? control.textContent;
}

/** @param {any} node @param {Object<string, any>} attributes @param {any[]} children */
function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "style") {
      for (const [key, item] of Object.entries(value)) node.style.setProperty(key, String(item));
    } else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...nodes(children));
  return node;
}

/** @param {any[]} children @returns {(Node|string)[]} */
function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}
