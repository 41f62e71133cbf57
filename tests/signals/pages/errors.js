/** Causes an uncaught exception. */
window.fail = (thrown) =>
  setTimeout(() => {
    throw thrown;
  });

/** Causes an exception in a script of another origin. */
window.failElsewhere = () => {
  const script = document.createElement("script");
  script.src = `http://localhost:${location.port}/fails.js`;
  document.head.append(script);
};

document.getElementById("fails").addEventListener("click", () => {
  throw new TypeError("MARKER");
});
