import { guard } from "../guard.ts";
import { history, navigation, Reflect } from "../platform.ts";
import { combineStops, listen, share } from "./listen.ts";
import { createTimer } from "./timer.ts";

/**
 * Listens for changes of the current history entry by the Navigation API, or else by patching `history`. It reports a
 * change at once, when a router has not yet changed the document.
 */
export const onHistoryChange = share<void>((emit) => {
  if (navigation) return listen(navigation, "currententrychange", () => emit());

  const patch = (method: "pushState" | "replaceState") => {
    const original = history[method];
    const patched: typeof original = (...entry) => {
      Reflect.apply(original, history, entry);
      guard(emit)();
    };
    history[method] = patched;
    return () => {
      if (history[method] === patched) history[method] = original;
    };
  };
  return combineStops(
    patch("pushState"),
    patch("replaceState"),
    listen(window, "popstate", () => emit()),
  );
});

/**
 * Listens for changes of the current history entry. It reports one task after the change, so that a replace and a push
 * in the same task are one change.
 */
export const onNavigation = share<void>((emit) => {
  const timer = createTimer(emit);
  return combineStops(
    onHistoryChange(() => timer.start()),
    timer.stop,
  );
});
