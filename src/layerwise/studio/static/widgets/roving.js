/**
 * Many buttons as one stop of the Tab key: the arrow keys go from one to the next.
 */

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 0, ArrowUp: 0, Home: 0, End: 0 };

/**
 * Let the arrow keys move between the buttons of a node, as they lie on the screen.
 *
 * @param {HTMLElement} node its buttons may be replaced at any time
 */
export function roving(node) {
  const buttons = () => /** @type {HTMLElement[]} */ ([...node.querySelectorAll("button:enabled")]);
  /** @param {HTMLElement} [chosen] */
  const hold = (chosen) => {
    for (const button of buttons()) button.tabIndex = button === chosen ? 0 : -1;
  };
  new MutationObserver(() => {
    const all = buttons();
    hold(all.find((button) => button.matches(":focus")) ?? all[0]);
  }).observe(node, { childList: true, subtree: true });
  node.addEventListener("focusin", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.matches("button")) hold(target);
  });
  node.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS) || !(/** @type {Element} */ (event.target).matches("button"))) return;
    const all = buttons();
    const now = all.indexOf(/** @type {HTMLElement} */ (event.target));
    const next = all[wanted(event.key, now, all)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

/** @param {string} key @param {number} now @param {HTMLElement[]} all @returns {number} */
function wanted(key, now, all) {
  if (key === "Home") return 0;
  if (key === "End") return all.length - 1;
  if (STEPS[key]) return now + STEPS[key];
  const here = all[now].getBoundingClientRect();
  const sign = key === "ArrowDown" ? 1 : -1;
  let [best, least] = [-1, Infinity];
  all.forEach((button, i) => {
    const there = button.getBoundingClientRect();
    const rows = sign * (there.top - here.top);
    if (rows < here.height / 2) return;
    const distance = rows * 1000 + Math.abs(there.left - here.left);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}
