/**
 * Numbers out of bytes, the other side of the Python module `studio.data.files`; and what is asked of
 * any list of numbers.
 *
 * @typedef {Object} File
 * @property {"u1"|"u2"|"u4"|"f4"|"q1"|"json"|"webp"|"wav"} dtype
 * @property {number[]} shape
 * @property {number} [scale]
 * @property {number} [offset]
 * @property {number} [missing] the code of a value that is not there
 * @property {string} stamp changes when the bytes do
 */

const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };
const HEAD = 8;
const MISSING = 255;

/**
 * Return the codes of a file as they are stored.
 *
 * @param {File} file
 * @param {ArrayBuffer} bytes
 * @returns {any}
 */
export function codes(file, bytes) {
  const Kind = KINDS[file.dtype];
  const length = file.shape.reduce((product, size) => product * size, 1);
  if (!Kind || bytes.byteLength !== length * Kind.BYTES_PER_ELEMENT) {
    throw new Error(`A file of ${bytes.byteLength} bytes does not hold ${file.shape} ${file.dtype}.`);
  }
  return new Kind(bytes);
}

/**
 * Return the values of a file, NaN where there is none.
 *
 * @param {File} file
 * @param {ArrayBuffer} bytes
 * @returns {Float32Array}
 */
export function values(file, bytes) {
  const stored = codes(file, bytes);
  if (file.scale === undefined) {
    return stored instanceof Float32Array ? stored : Float32Array.from(stored);
  }
  const found = new Float32Array(stored.length);
  for (let i = 0; i < stored.length; i++) {
    found[i] = stored[i] === file.missing ? NaN : file.offset + file.scale * stored[i];
  }
  return found;
}

/**
 * Return one row of a "q1" file: an offset, a scale, then a byte a value.
 *
 * @param {ArrayBuffer} bytes
 * @param {number} n values in a row
 * @param {number} [row]
 * @returns {Float32Array}
 */
export function column(bytes, n, row = 0) {
  const start = row * (HEAD + n);
  const head = new DataView(bytes, start, HEAD);
  const offset = head.getFloat32(0, true);
  const scale = head.getFloat32(4, true);
  const stored = new Uint8Array(bytes, start + HEAD, n);
  const found = new Float32Array(n);
  for (let i = 0; i < n; i++) found[i] = stored[i] === MISSING ? NaN : offset + scale * stored[i];
  return found;
}

/** @param {ArrayBuffer} bytes @returns {any} */
export function json(bytes) {
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** @param {ArrayLike<number>} numbers @returns {[number, number]} least and largest, NaN aside */
export function range(numbers) {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < numbers.length; i++) {
    if (numbers[i] < low) low = numbers[i];
    if (numbers[i] > high) high = numbers[i];
  }
  return low <= high ? [low, high] : [0, 0];
}

/**
 * Return the numbers from 0 to n - 1 for which `is` holds, ascending.
 *
 * @param {number} n
 * @param {(i: number) => boolean} is
 * @param {Uint32Array} [among] these numbers only; all if there are none
 * @returns {Uint32Array}
 */
export function where(n, is, among = new Uint32Array(0)) {
  const found = new Uint32Array(among.length || n);
  let count = 0;
  for (let j = 0; j < found.length; j++) {
    const i = among.length ? among[j] : j;
    if (is(i)) found[count++] = i;
  }
  return found.slice(0, count);
}

/**
 * Return a byte an observation, 1 where it is selected; null if none is.
 *
 * @param {Uint32Array} selection
 * @param {number} n
 * @returns {Uint8Array|null}
 */
export function mask(selection, n) {
  if (!selection.length) return null;
  const inside = new Uint8Array(n);
  for (let i = 0; i < selection.length; i++) inside[selection[i]] = 1;
  return inside;
}
