/*
 * An activity log, independent of the SDK: records changes of the page and inputs in `window.activityLog`, with the time by
 * `performance.now()`. The test computes the totals, with other code than the SDK's.
 */
{
  const log = (kind) => window.activityLog.push({ at: performance.now(), kind });
  const logState = () => {
    log(document.visibilityState === "visible" ? "visible" : "hidden");
    log(document.hasFocus() ? "focused" : "blurred");
  };
  window.activityLog = [];
  logState();
  document.addEventListener("visibilitychange", logState);
  for (const type of ["focus", "pageshow"]) addEventListener(type, logState);
  // During `blur`, not every browser reports yet that the focus is in a frame of the page.
  addEventListener("blur", () => setTimeout(logState));
  addEventListener("pagehide", () => log("hidden"));
  for (const type of ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "touchmove"])
    addEventListener(type, () => log("input"), true);
}
