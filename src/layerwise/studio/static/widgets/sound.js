/**
 * The sound of an observation: a button that plays it, or the browser's own player.
 */

import { button, fill, h } from "./dom.js";

/**
 * Return a button that plays the sound of an observation; it is read when it is first asked for.
 *
 * @param {import("../facts/observations.js").Facts} facts
 * @param {number} i
 * @returns {HTMLElement}
 */
export function soundButton(facts, i) {
  const audio = h("audio");
  const toggle = async () => {
    try {
      if (!audio.src) audio.src = await soundOf(facts, i);
      if (audio.paused) await audio.play();
      else audio.pause();
    } catch (error) {
      play.title = error.message;
      fill(play, "!");
    }
  };
  const play = button("▶", toggle, { class: "clip-play", "aria-label": `Play row ${facts.rows[i]}` });
  audio.addEventListener("play", () => fill(play, "■"));
  for (const end of ["pause", "ended"]) audio.addEventListener(end, () => fill(play, "▶"));
  return play;
}

/**
 * Return a player of the sound of an observation, or null if the run has no sounds.
 *
 * @param {import("../facts/observations.js").Facts} facts
 * @param {number} i
 * @returns {HTMLElement|null}
 */
export function soundPlayer(facts, i) {
  if (!facts.run.about.sounds) return null;
  const label = `Sound of row ${facts.rows[i]}`;
  const audio = h("audio", { controls: true, preload: "none", "aria-label": label });
  soundOf(facts, i).then(
    (address) => (audio.src = address),
    (error) => audio.replaceWith(h("p", { class: "warn" }, error.message)),
  );
  return audio;
}

/** @param {import("../facts/observations.js").Facts} facts @param {number} i @returns {Promise<string>} */
function soundOf({ run }, i) {
  return run.model.url(run.about.sounds.file, `/${i}`);
}
