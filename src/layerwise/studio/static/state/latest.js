/**
 * Views read what they show, and reading takes a while: only the newest answer may paint.
 */

/**
 * Return a function that reads and then paints, unless it was called again meanwhile.
 *
 * @param {(sentence: string) => void} fail what to do with an error, in the words of the reader
 */
export function latest(fail) {
  let asked = 0;
  /**
   * @template T
   * @param {() => T | Promise<T>} read
   * @param {(found: T) => void} paint
   */
  const show = async (read, paint) => {
    const mine = ++asked;
    try {
      const found = await read();
      if (mine === asked) paint(found);
    } catch (error) {
      if (mine === asked) fail(/** @type {Error} */ (error).message);
    }
  };
  /** Forget what is under way. */
  show.stop = () => {
    asked += 1;
  };
  return show;
}
