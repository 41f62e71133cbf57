/* Runs a script in the sandboxed frame, which has no origin and no storage: `window.runInFrame(script)` resolves with its result. */
{
  const frame = document.querySelector("iframe");
  window.runInFrame = (script) =>
    new Promise((resolve) => {
      addEventListener("message", ({ data }) => resolve(data), { once: true });
      frame.contentWindow.postMessage(script, "*");
    });
}
