/**
 * Colours as 32-bit words, ABGR as they lie in ImageData.
 */

/**
 * `share` of `over` on `under`; keeps the opacity of `over`.
 * @param {number} under @param {number} over @param {number} share in [0, 1]
 */
export function mix(under, over, share) {
  const t = Math.round(share * 256);
  const rb = ((over & 0xff00ff) * t + (under & 0xff00ff) * (256 - t)) / 256;
  const g = ((over & 0xff00) * t + (under & 0xff00) * (256 - t)) / 256;
  return ((over & 0xff000000) | (rb & 0xff00ff) | (g & 0xff00)) >>> 0;
}

/** @param {number} color @returns {string} CSS */
export function css(color) {
  const [r, g, b] = [color & 255, (color >>> 8) & 255, (color >>> 16) & 255];
  const alpha = color >>> 24;
  return alpha === 255 ? hex(r, g, b) : `rgba(${r}, ${g}, ${b}, ${(alpha / 255).toFixed(3)})`;
}

/** @param {number[]} parts */
const hex = (...parts) => "#" + parts.map((p) => p.toString(16).padStart(2, "0")).join("");

/** Opaque word of any CSS colour, as this browser understands it. @param {string} color */
export function word(color) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
}
