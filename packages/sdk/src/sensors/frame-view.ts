import { guard } from "../guard.ts";
import { IntersectionObserver } from "../platform.ts";
import { keepAdded, type Stop } from "./listen.ts";
import { read } from "./members.ts";

/**
 * Observes whether the frame of this page is in the viewport of the whole window, also in a page of another origin. The
 * first report follows soon. A page that is in no frame is always in view, and reports nothing.
 *
 * The observed element is the root of the document, because a page cannot observe a frame around it. While the page has
 * scrolled its root out of the frame, the frame counts as in view.
 */
export const observeFrame = (listener: (isInView: boolean) => void): Stop | undefined => {
  if (window.top === window || !IntersectionObserver) return;
  const observer = new IntersectionObserver(
    guard((entries: IntersectionObserverEntry[]) => {
      for (const { isIntersecting, boundingClientRect } of entries)
        listener(isIntersecting || boundingClientRect.bottom < 0 || boundingClientRect.top > window.innerHeight);
    }),
  );
  const stop = keepAdded(() => {
    const root = read(document, "documentElement");
    if (root) observer.observe(root);
  });
  return () => {
    stop();
    observer.disconnect();
  };
};
