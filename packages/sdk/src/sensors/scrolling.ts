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

/**
 * The path of an action, or of a press only its beginning, where nothing hides the rest: the browser takes time for each
 * node of a path.
 */
const pathOf = (event: Event, isPress: boolean): EventTarget[] => {
  const target = event.target as Element;
  return isPress && !read(target, "shadowRoot") ? [target] : event.composedPath();
};

/** The scrollers that an action may scroll: all around it, or the one whose scrollbar is pressed. */
const scrollersIn = (path: EventTarget[], isPress: boolean): EventTarget[] => {
  if (!isPress) return path;
  return path[0] === read(document, "documentElement") ? [document] : path.slice(0, 1);
};

const onWheel = /* @__PURE__ */ inIntervals("wheel touchmove");

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
    const isPress = /^pointer/.test(event.type);
    const path = pathOf(event, isPress);
    scrollers = scrollersIn(path, isPress);
    stopInRoots?.();
    const roots = rootsIn(path);
    stopInRoots = roots[0] && combineStops(...roots.map((root) => listen(root, "scroll", report)));
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
