/**
 * Light or dark: as the reader says, else as the page around it is, else as the system.
 */

import { word } from "../scatter/rgb.js";
import { together } from "../state/store.js";

/**
 * Keep `state.dark` and the root's `data-theme` true to `state.theme`; returns how to stop.
 *
 * @param {HTMLElement} root
 * @param {import("../state/store.js").Store} store
 * @returns {() => void}
 */
export function themed(root, store) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const { theme } = store.state;
    const dark = theme === "auto" ? (onDark(root) ?? system.matches) : theme === "dark";
    root.dataset.theme = dark ? "dark" : "light";
    if (root === document.body) {
      // A container does not lend its colour to the window as other bodies do.
      document.documentElement.style.background = getComputedStyle(root).getPropertyValue("--paper");
    }
    store.set({ dark });
  };
  system.addEventListener("change", apply);
  const around = new MutationObserver(apply); // a notebook changes its theme by an attribute
  if (root !== document.body) around.observe(document.body, { attributes: true });
  return together(
    store.on(["theme"], apply),
    () => system.removeEventListener("change", apply),
    () => around.disconnect(),
  );
}

/**
 * Keep the ground of a scatter that of the page; returns how to stop.
 *
 * @param {any} context
 * @param {import("../scatter/scatter.js").Scatter} scatter
 * @returns {() => void}
 */
export function grounded({ root, store }, scatter) {
  return store.on(["dark"], () => {
    const style = getComputedStyle(root); // the map itself may not stand in the page yet
    const token = (name) => style.getPropertyValue(name).trim();
    scatter.setBackground({ paper: token("--card"), ink: token("--ink"), pale: token("--line") });
  });
}

/** @param {HTMLElement} root @returns {boolean|null} whether it lies on something dark, if on any colour */
function onDark(root) {
  if (root === document.body) return null;
  for (let under = root.parentElement; under; under = under.parentElement) {
    const { backgroundColor } = getComputedStyle(under);
    if (/^rgba.*, 0\)$|\/ 0\)$/.test(backgroundColor)) continue; // nothing is painted there
    const color = word(backgroundColor);
    return (color & 255) + ((color >>> 8) & 255) + ((color >>> 16) & 255) < 3 * 128;
  }
  return null;
}
