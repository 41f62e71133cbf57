import { now } from "./clock.ts";
import { inIntervals } from "./input.ts";
import { combineStops, listen, type Stop, share } from "./listen.ts";
import { read } from "./members.ts";
import { rootsIn } from "./shadow-dom.ts";

/** A scroll of the document or of an element. */
export interface Scroll {
  scroller: Node;
  /** Whether a wheel, a touch or a key in the scroller causes it, or its scrollbar, and not a script. */
  isByVisitor: boolean;
  /** Time since the visitor's latest wheel, touch, key or press anywhere on the page, in milliseconds. */
  sinceAction: number;
}

/** Time for which a wheel, a touch, a key or a scrollbar goes on scrolling, in milliseconds. */
const MOMENTUM_MS = 500;

/** The scrollers that an action may scroll: all around it, or the one whose scrollbar is pressed. */
const scrollersIn = (path: EventTarget[], type: string): EventTarget[] => {
  if (!/^pointer/.test(type)) return path;
  return path[0] === read(document, "documentElement") ? [document] : path.slice(0, 1);
};

const onWheel = /* @__PURE__ */ inIntervals("touchmove", "wheel");

/**
 * Listens for scrolls. An open shadow root hides its scrolls from the document, so the sensor also listens in the roots
 * around the visitor's latest action.
 */
export const onScroll = share<Scroll>((emit) => {
  let actedAt = -Infinity;
  let scrollsUntil = 0;
  let scrollers: EventTarget[] = [];
  let stopInRoots: Stop | undefined;

  const noteAction = (event: Event) => {
    if (!event.isTrusted) return;
    actedAt = now();
    scrollsUntil = event.type === "pointerdown" ? Infinity : actedAt + MOMENTUM_MS;
    // What was pressed goes on scrolling after the end of the press, which may be elsewhere.
    if (/^pointer(up|cancel)/.test(event.type)) return;
    const path = event.composedPath();
    scrollers = scrollersIn(path, event.type);
    stopInRoots?.();
    stopInRoots = combineStops(...rootsIn(path).map((root) => listen(root, "scroll", report)));
  };

  const report = ({ isTrusted, target }: Event) => {
    const time = now();
    if (isTrusted)
      emit({
        scroller: target as Node,
        isByVisitor: time <= scrollsUntil && scrollers.includes(target as Node),
        sinceAction: time - actedAt,
      });
  };

  return combineStops(
    listen(document, "scroll", report),
    onWheel(noteAction),
    listen(document, "keydown pointerdown pointerup pointercancel", noteAction),
    () => stopInRoots?.(),
  );
});
