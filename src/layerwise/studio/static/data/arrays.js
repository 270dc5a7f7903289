/**
 * Numbers out of bytes: the other side of the Python module `studio.files`.
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
  if (file.scale === undefined) return Float32Array.from(stored);
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
