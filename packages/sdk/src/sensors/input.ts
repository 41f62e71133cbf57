import { documentsIn } from "./frames.ts";
import { combineStops, listen, type Stop, share } from "./listen.ts";
import { read } from "./members.ts";
import { createTimer } from "./timer.ts";

/** Length of an interval of {@link inIntervals}, in milliseconds. */
export const INPUT_INTERVAL_MS = 200;

/**
 * Shares the visitor's input of some types, also in frames of the same origin. It ignores events that a script
 * dispatches.
 *
 * An interval starts with an input and lasts {@link INPUT_INTERVAL_MS}. Its first input is reported, and there are no
 * listeners for the rest of it: the browser's call of a listener costs more than the work in it.
 *
 * @param types Names of the events, separated by spaces.
 */
export const inIntervals = (types: string): ((listener: (event: Event) => void) => Stop) =>
  share<Event>((emit) => {
    let stop: Stop;
    const start = () => {
      stop = combineStops(...documentsIn(document).map((each) => listen(each, `${types} load`, onEvent)));
    };
    const onEvent = (event: Event) => {
      const isLoad = event.type === "load";
      if (!event.isTrusted || (isLoad && read(event.target as Element, "localName") !== "iframe")) return;
      stop();
      // A loaded frame has another document.
      if (isLoad) start();
      else {
        timer.start(INPUT_INTERVAL_MS);
        emit(event);
      }
    };
    const timer = createTimer(start);
    start();
    return () => combineStops(stop, timer.stop)();
  });

/** Listens for inputs that show that the visitor is active (Chartbeat's list, with touch, wheel and dragging). */
export const onInput = /* @__PURE__ */ inIntervals("pointermove pointerdown keydown wheel touchmove dragover");
