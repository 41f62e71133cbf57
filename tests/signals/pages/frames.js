/*
 * Measures a page in a frame that has replaced names of the platform, so that this page keeps its own. `measureIn` resolves with the
 * frame's captured events, its warnings, and its uncaught errors and rejections.
 */
window.measureIn = (page, settings) =>
  new Promise((resolve) => {
    const frame = document.createElement("iframe");
    const result = { events: [], urls: [], warned: [], uncaught: [] };
    window.settings = { before: "", after: "", ...settings };
    window.result = result;
    window.finish = () => {
      frame.remove();
      resolve(structuredClone(result));
    };
    frame.src = page;
    document.body.append(frame);
  });
