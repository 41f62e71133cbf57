/** An uncaught exception, as from any code of the page. */
window.fail = (thrown) =>
  setTimeout(() => {
    throw thrown;
  });

/** A script of another origin that fails: the browser does not say how. */
window.failElsewhere = () => {
  const script = document.createElement("script");
  script.src = `http://localhost:${location.port}/fails.js`;
  document.head.append(script);
};

document.getElementById("fails").addEventListener("click", () => {
  throw new TypeError("MARKER");
});
