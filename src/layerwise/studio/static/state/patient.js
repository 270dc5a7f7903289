/**
 * Questions whose answers take a while: asked once the reader rests, one at a time, the newest only.
 *
 * @typedef {Object} Teller what to do meanwhile and afterwards
 * @property {() => void} wait the answer is slow
 * @property {(found: any) => void} paint
 * @property {(sentence: string) => void} fail
 */

/** Milliseconds without an answer after which that is worth saying. */
const SLOW = 150;

/** Answers that are kept. */
const KEPT = 100;

/** Return a function that asks, and gives up what it was asked before. */
export function patient() {
  /** @type {Map<string, any>} */
  const kept = new Map();
  let asked = 0;
  let timer = 0;
  let slow = 0;
  let cut = new AbortController();
  /** Ends with the question that is being answered. @type {Promise<void>} */
  let before = Promise.resolve();

  const stop = () => {
    asked += 1;
    clearTimeout(timer);
    clearTimeout(slow);
    cut.abort();
  };
  const keep = (key, found) => {
    kept.delete(key);
    kept.set(key, found);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  };
  /**
   * @param {string} key the same for the same question
   * @param {(signal: AbortSignal) => Promise<any>} read
   * @param {Teller} teller
   * @param {number} rest milliseconds before it is asked
   */
  const ask = (key, read, { wait, paint, fail }, rest) => {
    stop();
    if (kept.has(key)) {
      keep(key, kept.get(key));
      paint(kept.get(key));
      return;
    }
    const mine = asked;
    const newest = () => mine === asked;
    const begin = async () => {
      slow = setTimeout(wait, SLOW);
      await before;
      if (!newest()) return;
      cut = new AbortController();
      before = read(cut.signal).then(
        (found) => {
          keep(key, found);
          if (newest()) clearTimeout(slow), paint(found);
        },
        (error) => {
          if (newest()) clearTimeout(slow), fail(error.message);
        },
      );
    };
    timer = setTimeout(begin, rest);
  };
  return Object.assign(ask, { stop });
}
