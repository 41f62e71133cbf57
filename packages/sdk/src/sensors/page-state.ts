import { observeFrame } from "./frame-view.ts";
import { combineStops, listen, share } from "./listen.ts";
import { read } from "./members.ts";
import { createTimer } from "./timer.ts";

/**
 * A change of the page's state:
 *
 * - `visible`, `hidden`: the page is shown or hidden. A page in a frame is hidden while its frame is out of view.
 * - `leave`: the page is being left. `hidden` follows, for browsers that report no change of visibility then.
 * - `restore`: the page is restored from the back-forward cache. `visible` follows, once the page is shown.
 * - `online`: the network is available again.
 */
export type PageChange = "visible" | "hidden" | "leave" | "restore" | "online";

/** Whether the page is being left. A browser may hide the page only after the last event that the page receives. */
let isLeft = false;

/** Whether the frame of the page is out of view, or not yet known to be in view. */
let isOutOfView = false;

/** Listens for changes of the page's state. It never uses `unload`, which bars pages from the back-forward cache. */
export const onPageChange = share<PageChange>((emit) => {
  isLeft = false;
  const emitVisibility = () => emit(isVisible() ? "visible" : "hidden");
  const stopObserving = observeFrame((isInView) => {
    if (isOutOfView !== isInView) return;
    isOutOfView = !isInView;
    emitVisibility();
  });
  isOutOfView = !!stopObserving;
  const show = () => {
    isLeft = false;
    emitVisibility();
  };
  // A browser may show a page before it says that it has restored it.
  const showTimer = createTimer(show);
  return combineStops(
    listen(document, "visibilitychange", () => {
      showTimer.stop();
      if (isLeft && read(document, "visibilityState") === "visible") showTimer.start();
      else emitVisibility();
    }),
    listen(window, "pagehide", () => {
      isLeft = true;
      emit("leave");
      emit("hidden");
    }),
    listen<PageTransitionEvent>(window, "pageshow", (event) => {
      isLeft = false;
      if (event.persisted) emit("restore");
      if (showTimer.isRunning()) {
        showTimer.stop();
        show();
      }
    }),
    listen(window, "online", () => emit("online")),
    showTimer.stop,
    () => stopObserving?.(),
  );
});

/** Whether the page is being left. */
export const isBeingLeft = (): boolean => isLeft;

/** Whether the page is visible, and not being left. In a frame, whether the frame is in view too. */
export const isVisible = (): boolean => !isLeft && !isOutOfView && read(document, "visibilityState") === "visible";

/** Calls `run` once, when the page is visible: at once, or when a prerendered or background page is first shown. */
export const whenVisible = (run: () => void): (() => void) => {
  const check = () => {
    if (!isVisible()) return;
    stop();
    run();
  };
  const stop = onPageChange(check);
  check();
  return stop;
};
