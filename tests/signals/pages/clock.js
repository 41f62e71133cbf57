/*
 * The page's own activity log: notes what happens to the page and when, by `performance.now()`, in `window.activityLog`. It
 * counts nothing; the test does, by another rule than the SDK's code.
 */
{
  const note = (what) => window.activityLog.push({ at: performance.now(), what });
  const look = () => {
    note(document.visibilityState === "visible" ? "visible" : "hidden");
    note(document.hasFocus() ? "focused" : "blurred");
  };
  window.activityLog = [];
  look();
  document.addEventListener("visibilitychange", look);
  for (const type of ["focus", "pageshow"]) addEventListener(type, look);
  // At the blur itself, not every browser knows yet whether the focus stays with a frame of the page.
  addEventListener("blur", () => setTimeout(look));
  addEventListener("pagehide", () => note("hidden"));
  for (const type of ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "touchmove"])
    addEventListener(type, () => note("input"), true);
}
