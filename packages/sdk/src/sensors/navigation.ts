import { combineStops, listen, share } from "./listen.ts";
import { createTimer } from "./timer.ts";

/** Listens for every change of the entry in the session history, by whatever means the browser has. */
const onHistoryChange = (listener: () => void) => {
  const { navigation } = window as unknown as { navigation?: EventTarget };
  if (navigation) return listen(navigation, "currententrychange", listener);

  const patch = (method: "pushState" | "replaceState") => {
    const original = history[method];
    const patched: typeof original = (...entry) => {
      original.apply(history, entry);
      listener();
    };
    history[method] = patched;
    return () => {
      if (history[method] === patched) history[method] = original;
    };
  };
  return combineStops(patch("pushState"), patch("replaceState"), listen(window, "popstate", listener));
};

/**
 * Listens for changes of the entry in the session history, once the turn in which they were made is over: a replace and a push
 * at once are one.
 */
export const onNavigation = share<void>((emit) => {
  const timer = createTimer(emit);
  return combineStops(
    onHistoryChange(() => timer.start()),
    timer.stop,
  );
});
