import { listen, share } from "./listen.ts";

/**
 * Listens for focus changes of the window; reports whether the page has the focus. It reads the focus one task after
 * the event: during `blur`, Firefox's `document.hasFocus()` is false even when the focus moves into a frame of the
 * page.
 */
export const onFocusChange = share<boolean>((emit) =>
  listen(window, "focus blur", ({ target }) => {
    if (target === window) setTimeout(() => emit(document.hasFocus()));
  }),
);
