import { listen, share, together } from "./listen.ts";
import { createTimer } from "./timer.ts";

/**
 * Hears the window get (true) or lose (false) the focus. A loss is told a turn later: at the `blur` itself Firefox's
 * `document.hasFocus()` is false even when the focus goes into a frame of the page, where it stays with the page.
 */
export const onFocusChange = share<boolean>((tell) => {
  const losing = createTimer(() => tell(false));
  return together(
    listen(window, "focus blur", (event) => {
      if (event.target !== window) return;
      losing.stop();
      if (event.type === "blur") losing.start();
      else tell(true);
    }),
    losing.stop,
  );
});
