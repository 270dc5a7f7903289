// Scatter: everything else of the studio is left out.
(() => {
  const { positions, labels, palette } = window.points;
  const words = palette.map((hex) => {
    const rgb = parseInt(hex.slice(1), 16);
    return (0xff000000 | ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
  });
  const colors = (shift) => {
    const rgba = new Uint32Array(labels.length);
    for (let i = 0; i < rgba.length; i++) rgba[i] = words[(labels[i] + shift) % 10];
    return rgba;
  };
  const scatter = new Scatter(document.getElementById("plot"), { label: "points" });
  scatter.setSizes(2.5);
  scatter.setColors(colors(0));
  scatter.setPoints(positions);
  window.recolor = (shift) => scatter.setColors(colors(shift));
  window.look = () => `${scatter.renderer}, ${scatter.mode}`;
  clock.paint(twoFrames());
})();
