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
 * Put these children into a node, in place of those it has.
 *
 * @param {Element} node
 * @param {...any} children
 */
export function fill(node, ...children) {
  node.replaceChildren(...nodes(children));
}

/**
 * Return listeners of several sources as one function that removes them all.
 *
 * @param {...(() => void)} removers
 * @returns {() => void}
 */
export function together(...removers) {
  return () => removers.forEach((remove) => remove());
}

/** Hand the bytes to the reader as a file. @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
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
