import { listen, share } from "./listen.ts";

/**
 * Listens for whether the window has the focus, when that may have changed, a turn later: at the `blur` itself Firefox's
 * `document.hasFocus()` is false even when the focus goes into a frame of the page, where it stays with the page.
 */
export const onFocusChange = share<boolean>((emit) =>
  listen(window, "focus blur", ({ target }) => {
    if (target === window) setTimeout(() => emit(document.hasFocus()));
  }),
);
