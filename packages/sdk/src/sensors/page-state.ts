import { combineStops, listen, share } from "./listen.ts";

/** What happened to the page: it was shown or hidden, is being left (and so hidden, for browsers that say no more), came back from the back-forward cache, or is online again. */
export type PageChange = "visible" | "hidden" | "leave" | "restore" | "online";

/** The only place that hears visibility, page lifecycle and network. Never `unload`, which bars the page from the cache. */
export const onPageChange = share<PageChange>((emit) =>
  combineStops(
    listen(document, "visibilitychange", () => emit(document.visibilityState)),
    listen(window, "pagehide", () => {
      emit("leave");
      emit("hidden");
    }),
    listen<PageTransitionEvent>(window, "pageshow", (event) => event.persisted && emit("restore")),
    listen(window, "online", () => emit("online")),
  ),
);

/** Whether a person could see the page. */
export const isVisible = (): boolean => document.visibilityState === "visible";

/** Runs once the page can be seen: at once, or when a prerendered or background page is first shown. */
export const whenVisible = (run: () => void): (() => void) => {
  const look = () => {
    if (!isVisible()) return;
    stop();
    run();
  };
  const stop = onPageChange(look);
  look();
  return stop;
};
