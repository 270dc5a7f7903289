/**
 * Light or dark: as the reader says, else as the system does.
 */

import { together } from "../widgets/dom.js";

/**
 * Keep `state.dark` and the root's `data-theme` true to `state.theme`; returns how to stop.
 *
 * @param {HTMLElement} root
 * @param {import("./store.js").Store} store
 * @returns {() => void}
 */
export function themed(root, store) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const { theme } = store.state;
    const dark = theme === "auto" ? system.matches : theme === "dark";
    root.dataset.theme = dark ? "dark" : "light";
    if (root === document.body) {
      // A container does not lend its colour to the window as other bodies do.
      document.documentElement.style.background = getComputedStyle(root).getPropertyValue("--paper");
    }
    store.set({ dark });
  };
  system.addEventListener("change", apply);
  return together(store.on(["theme"], apply), () => system.removeEventListener("change", apply));
}
