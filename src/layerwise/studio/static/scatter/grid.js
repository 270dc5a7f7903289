/**
 * Which points are near a place or inside a path: a uniform grid over the data, about three points
 * to a cell, with the points of a cell next to each other in `ids`.
 */

import { boundsOf } from "./camera.js";

const PER_CELL = 3;

export class Grid {
  /** @param {Float32Array} positions x and y in turn, NaN without a place */
  constructor(positions) {
    this.positions = positions;
    const bounds = boundsOf(positions) || { left: 0, right: 0, bottom: 0, top: 0 };
    const wide = bounds.right - bounds.left;
    const tall = bounds.top - bounds.bottom;
    const cells = Math.max(1, positions.length / 2 / PER_CELL);
    this.cell = Math.max(Math.sqrt((wide * tall) / cells), Math.max(wide, tall) / cells) || 1;
    this.left = bounds.left;
    this.bottom = bounds.bottom;
    this.columns = Math.floor(wide / this.cell) + 1;
    this.rows = Math.floor(tall / this.cell) + 1;
    const { starts, ids } = this.#sort();
    /** Where in `ids` each cell starts, and the end. */
    this.starts = starts;
    this.ids = ids;
  }

  /** Counting sort by cell. */
  #sort() {
    const { positions, columns } = this;
    const n = positions.length / 2;
    const starts = new Uint32Array(columns * this.rows + 1);
    const cells = new Int32Array(n).fill(-1);
    for (let i = 0; i < n; i++) {
      const x = positions[2 * i];
      const y = positions[2 * i + 1];
      if (!(x - x === 0 && y - y === 0)) continue;
      cells[i] = this.row(y) * columns + this.column(x);
      starts[cells[i] + 1]++;
    }
    for (let c = 0; c < starts.length - 1; c++) starts[c + 1] += starts[c];
    const next = starts.slice();
    const ids = new Uint32Array(starts[starts.length - 1]);
    for (let i = 0; i < n; i++) if (cells[i] >= 0) ids[next[cells[i]]++] = i;
    return { starts, ids };
  }

  /** @param {number} x */
  column(x) {
    return Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.left) / this.cell)));
  }

  /** @param {number} y */
  row(y) {
    return Math.min(this.rows - 1, Math.max(0, Math.floor((y - this.bottom) / this.cell)));
  }

  /**
   * The point nearest to (x, y) and no farther than `radius`; -1 if there is none.
   * @param {number} x @param {number} y @param {number} radius in units of the data
   */
  nearest(x, y, radius) {
    const { positions, starts, ids, columns } = this;
    let best = radius * radius;
    let found = -1;
    for (let row = this.row(y - radius); row <= this.row(y + radius); row++) {
      const first = starts[row * columns + this.column(x - radius)];
      const end = starts[row * columns + this.column(x + radius) + 1];
      for (let k = first; k < end; k++) {
        const dx = positions[2 * ids[k]] - x;
        const dy = positions[2 * ids[k] + 1] - y;
        const square = dx * dx + dy * dy;
        if (square <= best) {
          best = square;
          found = ids[k];
        }
      }
    }
    return found;
  }

  /**
   * The points inside a closed path (even-odd), in ascending order. Cells that the path does not
   * touch are taken or left as a whole.
   * @param {ArrayLike<number>} path x and y in turn
   * @returns {Uint32Array}
   */
  inside(path) {
    const { positions, starts, ids, columns, cell } = this;
    const taken = new Uint8Array(positions.length / 2);
    let count = 0;
    const touched = new Uint8Array(columns);
    const [low, high] = range(path, 1);
    const end = this.row(high);
    for (let row = this.row(low); row <= end && high >= this.bottom; row++) {
      const bottom = this.bottom + row * cell;
      touched.fill(0);
      this.#touch(path, bottom, touched);
      const crossings = crossingsAt(path, bottom + cell / 2);
      for (let column = 0, passed = 0; column < columns; column++) {
        const c = row * columns + column;
        const middle = this.left + (column + 0.5) * cell;
        while (passed < crossings.length && crossings[passed] < middle) passed++;
        if (!touched[column] && passed % 2 === 0) continue;
        for (let k = starts[c]; k < starts[c + 1]; k++) {
          const i = ids[k];
          if (touched[column] && !within(path, positions[2 * i], positions[2 * i + 1])) continue;
          taken[i] = 1;
          count++;
        }
      }
    }
    const found = new Uint32Array(count);
    for (let i = 0, k = 0; k < count; i++) if (taken[i]) found[k++] = i;
    return found;
  }

  /**
   * Marks the columns of one row that an edge of the path passes through, and their neighbours:
   * rounding must not tell a touched cell from an untouched one.
   * @param {ArrayLike<number>} path @param {number} bottom @param {Uint8Array} touched
   */
  #touch(path, bottom, touched) {
    const top = bottom + this.cell;
    const slack = this.cell / 8;
    for (let k = 0, j = path.length - 2; k < path.length; j = k, k += 2) {
      let [x0, y0, x1, y1] = [path[j], path[j + 1], path[k], path[k + 1]];
      if (y0 > y1) [x0, y0, x1, y1] = [x1, y1, x0, y0];
      if (y1 < bottom - slack || y0 > top + slack) continue;
      const along = (/** @type {number} */ y) =>
        y1 > y0 ? x0 + ((x1 - x0) * (Math.min(Math.max(y, y0), y1) - y0)) / (y1 - y0) : x0;
      let [a, b] = y1 > y0 ? [along(bottom - slack), along(top + slack)] : [x0, x1];
      if (a > b) [a, b] = [b, a];
      const first = Math.max(0, Math.floor((a - slack - this.left) / this.cell));
      const last = Math.min(this.columns - 1, Math.floor((b + slack - this.left) / this.cell));
      for (let column = first; column <= last; column++) touched[column] = 1;
    }
  }
}

/**
 * Whether (x, y) lies inside a closed path, by the even-odd rule.
 * @param {ArrayLike<number>} path x and y in turn @param {number} x @param {number} y
 */
export function within(path, x, y) {
  let inside = false;
  for (let k = 0, j = path.length - 2; k < path.length; j = k, k += 2) {
    const above = path[k + 1] > y;
    if (above === path[j + 1] > y) continue;
    const share = (y - path[k + 1]) / (path[j + 1] - path[k + 1]);
    if (x < path[k] + share * (path[j] - path[k])) inside = !inside;
  }
  return inside;
}

/** Where the path crosses a height, ascending. @param {ArrayLike<number>} path @param {number} y */
function crossingsAt(path, y) {
  const found = [];
  for (let k = 0, j = path.length - 2; k < path.length; j = k, k += 2) {
    if (path[k + 1] > y === path[j + 1] > y) continue;
    const share = (y - path[k + 1]) / (path[j + 1] - path[k + 1]);
    found.push(path[k] + share * (path[j] - path[k]));
  }
  return found.sort((a, b) => a - b);
}

/** @param {ArrayLike<number>} path @param {number} axis */
function range(path, axis) {
  let low = Infinity;
  let high = -Infinity;
  for (let k = axis; k < path.length; k += 2) {
    low = Math.min(low, path[k]);
    high = Math.max(high, path[k]);
  }
  return [low, high];
}
