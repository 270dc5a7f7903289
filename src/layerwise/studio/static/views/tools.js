/**
 * The buttons of a map: circle, box or move; trails; all points.
 */

import { button, h, svg } from "../widgets/dom.js";

const TOOLS = [
  ["lasso", "Circle observations to select them (Shift adds, Alt takes away)", "Lasso"],
  ["box", "Draw a box around observations to select them", "Box"],
  ["pan", "Drag the map; the wheel zooms", "Move"],
];

/** Outlines of the icons, in a square of 16. */
const ICONS = {
  lasso: [
    "M8 2.5c3.3 0 5.8 1.7 5.8 4s-2.5 4-5.8 4-5.8-1.7-5.8-4 2.5-4 5.8-4z",
    "M4.6 10c-.9.6-1 1.7-.2 2.2.8.6.5 1.5-.6 1.8",
  ],
  box: ["M2.5 3.5h2m2.5 0h2m2.5 0h2v2m0 2.5v2m0 2.5h-2m-2.5 0h-2m-2.5 0h-2v-2m0-2.5v-2"],
  pan: [
    "M8 1.8v12.4M1.8 8h12.4",
    "M6.2 3.6 8 1.8l1.8 1.8M6.2 12.4 8 14.2l1.8-1.8M3.6 6.2 1.8 8l1.8 1.8M12.4 6.2 14.2 8l-1.8 1.8",
  ],
  fit: ["M2.2 6V2.2H6M10 2.2h3.8V6M13.8 10v3.8H10M6 13.8H2.2V10"],
};

/**
 * @param {import("../state/store.js").Store} store
 * @param {import("../scatter/scatter.js").Scatter} scatter
 * @param {boolean} first whether this is the map that has all tools
 * @returns {{element: HTMLElement, destroy: () => void}}
 */
export function tools(store, scatter, first) {
  const all = { class: "icon", title: "See all points (0)", "aria-label": "See all points" };
  const fit = button(icon("fit"), () => scatter.fit(), all);
  if (!first) return { element: h("div", { class: "map-tools" }, fit), destroy: () => {} };
  const modes = TOOLS.map(([tool, title, name]) =>
    button(icon(tool), () => store.set({ tool }), {
      class: "icon",
      title: `${name}: ${title}`,
      "aria-label": name,
      "data-tool": tool,
    }),
  );
  const walk = () => store.set({ trails: !store.state.trails });
  const trails = button("Trails", walk, { title: "The way of the points through the maps (t)" });
  const press = (one, on) => one.setAttribute("aria-pressed", String(on));
  const destroy = store.on(["tool", "trails"], (state) => {
    for (const mode of modes) press(mode, mode.dataset.tool === state.tool);
    press(trails, state.trails);
  });
  const element = h(
    "div",
    { class: "map-tools", role: "toolbar", "aria-label": "Tools of the map" },
    h("span", { class: "segments" }, modes),
    trails,
    fit,
  );
  return { element, destroy };
}

/** @param {string} name */
function icon(name) {
  return svg(
    "svg",
    { viewBox: "0 0 16 16", class: "icon-lines", "aria-hidden": "true" },
    ICONS[name].map((d) => svg("path", { d })),
  );
}
