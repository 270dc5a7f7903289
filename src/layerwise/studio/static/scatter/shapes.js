/**
 * The four marks of a point, each defined once: as a signed distance (for the stamps and the shader)
 * and as a path (for the overlay and SVG). Lengths are in pixels of whatever is drawn on.
 */

export const DISC = 0;
export const CROSS = 1;
export const SQUARE = 2;
export const RING = 3;
export const SHAPES = 4;

/** Half the length of a cross's arm, in radii: a cross must be seen among discs. */
const ARM = 1.4;
/** Half the side of the square that covers as much as the disc, in radii. */
const SIDE = Math.sqrt(Math.PI) / 2;

/** Half the thickness of a cross's arm. @param {number} radius */
const armHalf = (radius) => Math.max(0.65, 0.28 * radius);
/** Half the thickness of a ring. @param {number} radius */
const bandHalf = (radius) => Math.max(0.6, 0.22 * radius);

/** Width of the paper-coloured edge that sets a mark off from those below. @param {number} radius */
export const halo = (radius) => 0.25 * radius;

/**
 * How far a shape of this radius reaches from its centre.
 * @param {number} radius
 */
export const reach = (radius) => ARM * radius + 1;

/**
 * Signed distance from (x, y) to the edge of the shape around the origin; negative inside.
 * @param {number} shape @param {number} x @param {number} y @param {number} radius
 */
export function distance(shape, x, y, radius) {
  if (shape === CROSS) {
    const u = Math.abs(x + y) * Math.SQRT1_2;
    const v = Math.abs(x - y) * Math.SQRT1_2;
    const long = ARM * radius;
    const half = armHalf(radius);
    return Math.min(Math.max(u - long, v - half), Math.max(v - long, u - half));
  }
  if (shape === SQUARE) return Math.max(Math.abs(x), Math.abs(y)) - SIDE * radius;
  const away = Math.hypot(x, y);
  if (shape === RING) return Math.abs(away - radius + bandHalf(radius)) - bandHalf(radius);
  return away - radius;
}

/** The same functions in GLSL ES 3.00. */
export const SHAPES_GLSL = `
float reach(float radius) {
  return ${ARM.toFixed(7)} * radius + 1.0;
}
float halo(float radius) {
  return 0.25 * radius;
}
float distanceTo(int shape, vec2 p, float radius) {
  if (shape == ${CROSS}) {
    vec2 q = abs(vec2(p.x + p.y, p.x - p.y)) * ${Math.SQRT1_2.toFixed(7)};
    float long_ = ${ARM.toFixed(7)} * radius;
    float half_ = max(0.65, 0.28 * radius);
    return min(max(q.x - long_, q.y - half_), max(q.y - long_, q.x - half_));
  }
  if (shape == ${SQUARE}) return max(abs(p.x), abs(p.y)) - ${SIDE.toFixed(7)} * radius;
  float away = length(p);
  float band = max(0.6, 0.22 * radius);
  if (shape == ${RING}) return abs(away - radius + band) - band;
  return away - radius;
}`;

/**
 * SVG path data of the shape around the origin; fill it by the even-odd rule.
 * @param {number} shape @param {number} radius
 */
export function outline(shape, radius) {
  if (shape === CROSS) return polygon(crossCorners(ARM * radius, armHalf(radius)));
  if (shape === SQUARE) {
    const s = SIDE * radius;
    return polygon([-s, -s, s, -s, s, s, -s, s]);
  }
  const inner = shape === RING ? circle(Math.max(0, radius - 2 * bandHalf(radius))) : "";
  return circle(radius) + inner;
}

/** @param {number} r */
function circle(r) {
  const to = (/** @type {number} */ x) => `A${short(r)} ${short(r)} 0 1 0 ${short(x)} 0`;
  return `M${short(-r)} 0${to(r)}${to(-r)}Z`;
}

/** Corners of an upright cross, turned by 45 degrees. @param {number} long @param {number} half */
function crossCorners(long, half) {
  const upright = [
    [half, half], [half, long], [-half, long], [-half, half], [-long, half], [-long, -half],
    [-half, -half], [-half, -long], [half, -long], [half, -half], [long, -half], [long, half],
  ];
  return upright.flatMap(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]);
}

/** @param {number[]} xy */
function polygon(xy) {
  let path = "";
  for (let k = 0; k < xy.length; k += 2) path += `${k ? "L" : "M"}${short(xy[k])} ${short(xy[k + 1])}`;
  return path + "Z";
}

/** @param {number} value */
const short = (value) => String(Math.round(value * 1000) / 1000);
