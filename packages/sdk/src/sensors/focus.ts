import { combineStops, listen, share } from "./listen.ts";
import { call } from "./members.ts";
import { createTimer } from "./timer.ts";

/**
 * Listens for focus changes of the window; reports whether the page has the focus. It reads the focus one task after
 * the event: during `blur`, Firefox's `document.hasFocus()` is false even when the focus moves into a frame of the
 * page.
 */
export const onFocusChange = share<boolean>((emit) => {
  const timer = createTimer(() => emit(call(document, "hasFocus")));
  return combineStops(
    listen(window, "focus blur", ({ target }) => {
      if (target === window) timer.start();
    }),
    timer.stop,
  );
});
