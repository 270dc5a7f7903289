// The same clock for all contenders: milliseconds from an action to the second frame after it.
window.twoFrames = () =>
  new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

window.clock = {
  // Milliseconds from the start of the navigation to two frames after `ready`.
  painted: null,
  paint: async (ready) => {
    await ready;
    await twoFrames();
    clock.painted = performance.now();
  },
  time: async (action) => {
    const start = performance.now();
    await action();
    await twoFrames();
    return performance.now() - start;
  },
  // The next input: armed before the mouse is moved, read afterwards.
  input: null,
  arm: (type) => {
    clock.input = new Promise((done) => {
      const options = { capture: true, once: true };
      addEventListener(type, () => clock.time(() => {}).then(done), options);
    });
  },
};
