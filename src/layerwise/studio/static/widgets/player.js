/**
 * One short sound as a button.
 */

import { fill, h } from "./dom.js";

/**
 * Return a button that plays the sound of an observation; it is read when it is first asked for.
 *
 * @param {import("../facts/facts.js").Facts} facts
 * @param {number} i
 * @returns {HTMLElement}
 */
export function player({ run, rows }, i) {
  /** @type {HTMLAudioElement|null} */
  let sound = null;
  const toggle = async () => {
    if (!sound) {
      const made = h("audio");
      made.addEventListener("play", () => fill(play, "■"));
      for (const end of ["pause", "ended"]) made.addEventListener(end, () => fill(play, "▶"));
      sound = made;
    }
    try {
      if (!sound.src) sound.src = await run.model.url(run.about.sounds.file, `/${i}`);
      if (sound.paused) await sound.play();
      else sound.pause();
    } catch (error) {
      play.title = error.message;
      fill(play, "!");
    }
  };
  const play = h(
    "button",
    { type: "button", class: "clip-play", "aria-label": `Play row ${rows[i]}`, onclick: toggle },
    "▶",
  );
  return play;
}
