/**
 * Colours as the canvas wants them: one Uint32 a point, little-endian ABGR.
 *
 * Class colours come from the manifest, so they are those of the report's figures. On dark paper
 * the darkest of them are lightened. The ramps are those of the Python module `figures.color`.
 */

const RAMP = ["#DCDCDC", "#FEC44F", "#EC7014", "#993404", "#4A1A03"];
const BELOW = ["#0B1F4B", "#1F4E9C", "#4A90D0", "#A6CBEA"];
const RAMP_ON_DARK = ["#3A3D42", "#8C4A12", "#E07B1F", "#FDBF5A", "#FFF3C4"];
const BELOW_ON_DARK = ["#C9E4FF", "#6FB1EE", "#3E74B8", "#3A4F6B"];

/** Colour of what has no class or value. */
export const MISSING = "#A9A9A9";

/** Colours of right and wrong; wrong has a glyph of its own besides. */
export const RIGHT = { light: "#8FA3B5", dark: "#6F8296" };
export const WRONG = { light: "#C4330F", dark: "#FF8A66" };

/** @param {string} hex @returns {[number, number, number]} */
export function rgb(hex) {
  const number = Number.parseInt(hex.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

/** @param {[number, number, number]} color @param {number} [alpha] 0 to 255 @returns {number} */
export function packed([red, green, blue], alpha = 255) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** @param {string} hex */
export function pack(hex) {
  return packed(rgb(hex));
}

/**
 * Return the colour that lies a share of the way from one to another.
 *
 * @param {[number, number, number]} from
 * @param {[number, number, number]} to
 * @param {number} share
 * @returns {[number, number, number]}
 */
export function blend(from, to, share) {
  const part = (i) => Math.round(from[i] + (to[i] - from[i]) * share);
  return [part(0), part(1), part(2)];
}

/**
 * Return a colour that can be seen on dark paper: the dark ones are mixed with white.
 *
 * @param {string} hex
 * @param {boolean} dark
 * @returns {string}
 */
export function seen(hex, dark) {
  if (!dark) return hex;
  const color = rgb(hex);
  const light = (0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]) / 255;
  const white = Math.max(0, 0.45 - light) * 1.35;
  const mixed = blend(color, [255, 255, 255], white);
  return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** @param {string[]} colors @param {number} code @param {boolean} dark @returns {string} of a class */
export function classColor(colors, code, dark) {
  return seen(colors[code] ?? MISSING, dark);
}

/**
 * Return what maps numbers from `low` to `high` to colours; about zero if both signs are there.
 *
 * @param {number} low
 * @param {number} high
 * @param {boolean} dark
 * @returns {{low: number, high: number, at: (value: number) => [number, number, number], stops: string[]}}
 */
export function ramp(low, high, dark) {
  const above = dark ? RAMP_ON_DARK : RAMP;
  const signed = low < 0 && high > 0;
  const most = Math.max(-low, high);
  const [from, to] = signed ? [-most, most] : [low, high];
  const stops = signed ? [...(dark ? BELOW_ON_DARK : BELOW), ...above] : above;
  const colors = stops.map(rgb);
  const span = to - from || 1;
  /** @param {number} value @returns {[number, number, number]} */
  const at = (value) => {
    if (Number.isNaN(value)) return rgb(MISSING);
    const place = Math.min(Math.max((value - from) / span, 0), 1) * (colors.length - 1);
    const left = Math.min(Math.floor(place), colors.length - 2);
    const share = place - left;
    return blend(colors[left], colors[left + 1], share);
  };
  return { low: from, high: to, at, stops };
}

/**
 * Return the packed colour of every value; 256 steps are told apart.
 *
 * @param {Float32Array} values
 * @param {ReturnType<typeof ramp>} scale
 * @returns {Uint32Array}
 */
export function shaded(values, scale) {
  const span = scale.high - scale.low || 1;
  const table = Uint32Array.from({ length: 256 }, (_, i) =>
    packed(scale.at(scale.low + (i / 255) * span)),
  );
  const missing = pack(MISSING);
  const found = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const step = ((values[i] - scale.low) / span) * 255;
    found[i] = Number.isNaN(step) ? missing : table[Math.min(Math.max(step, 0), 255) | 0];
  }
  return found;
}

/**
 * Return the packed colour of every class number; numbers beyond the classes are missing.
 *
 * @param {ArrayLike<number>} codes
 * @param {string[]} colors
 * @param {boolean} dark
 * @returns {Uint32Array}
 */
export function painted(codes, colors, dark) {
  const table = colors.map((color) => pack(seen(color, dark)));
  const missing = pack(MISSING);
  const found = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) found[i] = table[codes[i]] ?? missing;
  return found;
}
