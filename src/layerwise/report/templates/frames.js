"use strict";
/* Slides through the pictures of each figure.frames; without this script the figure stays away. */
for (const figure of document.querySelectorAll("figure.frames")) {
  const pictures = [...figure.querySelectorAll("img")];
  const slider = figure.querySelector("input");
  const button = figure.querySelector("button");
  const said = figure.querySelector("output");
  const last = pictures.length - 1;
  let timer = 0;

  const show = (shown) => {
    pictures.forEach((picture, index) => { picture.hidden = index !== shown; });
    const { name } = pictures[shown].dataset;
    slider.value = shown;
    slider.setAttribute("aria-valuetext", name);
    said.textContent = name;
  };
  const pause = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = "Play";
  };
  const step = () => {
    show(Number(slider.value) + 1);
    if (Number(slider.value) === last) pause();
  };
  slider.addEventListener("input", () => {
    pause();
    show(Number(slider.value));
  });
  button.addEventListener("click", () => {
    if (timer) {
      pause();
      return;
    }
    if (Number(slider.value) === last) show(0);
    button.textContent = "Pause";
    timer = setInterval(step, 700);
  });
  figure.hidden = false;
}
