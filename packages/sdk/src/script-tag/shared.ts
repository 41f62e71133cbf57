import { guard } from "../guard.ts";
import { percentageOf } from "../measures/depth.ts";
import { now } from "../sensors/clock.ts";
import { hold } from "../sensors/engagement-hold.ts";
import { onInput } from "../sensors/input.ts";
import { combineStops, listen } from "../sensors/listen.ts";
import { onNavigation } from "../sensors/navigation.ts";
import { isBeingLeft, isVisible, onPageChange, whenVisible } from "../sensors/page-state.ts";
import { cleanUrl } from "../sensors/page-url.ts";
import { onScroll } from "../sensors/scrolling.ts";
import { describe } from "../sensors/target.ts";
import { createTimer } from "../sensors/timer.ts";

/**
 * The functions that the script tag shares with the parts that it loads. A part bundles no copy of them: a copy would make it larger,
 * and an engagement hold taken through a copy would not affect the tag's dwell signal.
 */
export const shared = {
  ...{
    guard,
    cleanUrl,
    now,
    hold,
    listen,
    combineStops,
    onNavigation,
    isBeingLeft,
    isVisible,
    onPageChange,
    whenVisible,
  },
  ...{ createTimer, describe, onInput, onScroll, percentageOf },
};
