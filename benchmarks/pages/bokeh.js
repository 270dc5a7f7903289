// Bokeh: one column holds the colour; replacing it is its own way of recolouring.
(() => {
  const wait = () =>
    new Promise((done) => {
      const look = () => {
        const document_ = window.Bokeh?.documents[0];
        if (!document_) setTimeout(look, 5);
        else if (document_.is_idle) done(document_);
        else document_.idle.connect(() => done(document_));
      };
      look();
    });
  clock.paint(
    wait().then((document_) => {
      const source = document_.get_model_by_name("points");
      const labels = Array.from(source.data.label);
      window.recolor = (shift) => {
        source.data = { ...source.data, label: labels.map((label) => (label + shift) % 10) };
      };
      window.look = () => "webgl";
    }),
  );
})();
