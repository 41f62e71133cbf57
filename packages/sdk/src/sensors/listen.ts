import { guard, runEach } from "../guard.ts";
import { MutationObserver, Set, unpatched } from "../platform.ts";
import { call } from "./members.ts";

/** A function that undoes the call that returned it. */
export type Stop = () => void;

const OPTIONS = { capture: true, passive: true };

/** Functions that add the listeners and observers that are not stopped. One that is there already is not added again. */
const active = /* @__PURE__ */ new Set<() => void>();

let followsReplacements = false;

/** Adds the listeners again when the document's content was replaced, which removes every listener but no observer. */
const followReplacements = guard(() => {
  if (followsReplacements || !MutationObserver) return;
  followsReplacements = true;
  new MutationObserver(() => runEach(...active)).observe(document, { childList: true });
});

/**
 * Adds listeners or observers to the document, and again after each `open()` of the document.
 *
 * @returns A function after which `add` is not called again.
 */
export const keepAdded = (add: () => void): Stop => {
  active.add(add);
  add();
  followReplacements();
  return () => active.delete(add);
};

/** A listener for events of some types, for targets that need it at times only. */
export interface Listener {
  add(...targets: EventTarget[]): void;
  remove(...targets: EventTarget[]): void;
}

/**
 * Creates a passive listener for the capture phase. It receives events whose propagation is stopped too, and delays
 * none. An exception in it becomes a warning.
 *
 * @param types Names of the events, separated by spaces.
 */
export const createListener = <E extends Event>(types: string, listener: (event: E) => unknown): Listener => {
  const names = types.split(" ");
  const guarded = guard(listener) as EventListener;
  const each =
    (act: "addEventListener" | "removeEventListener") =>
    (...targets: EventTarget[]) => {
      for (const target of targets)
        for (const type of names) call(target, unpatched(target, act), type, guarded, OPTIONS);
    };
  return { add: each("addEventListener"), remove: each("removeEventListener") };
};

/** Adds a listener like that of {@link createListener}. It outlives `open()` of the document. */
export const listen = <E extends Event>(target: EventTarget, types: string, listener: (event: E) => unknown): Stop => {
  const { add, remove } = createListener(types, listener);
  const stop = keepAdded(() => add(target));
  return () => {
    stop();
    remove(target);
  };
};

/**
 * Shares one source among many listeners: the source starts with the first listener and stops with the last. An
 * exception in one listener becomes a warning and does not affect the others.
 */
export const share = <T>(start: (emit: (value: T) => void) => Stop): ((listener: (value: T) => void) => Stop) => {
  const listeners = new Set<(value: T) => void>();
  let stop: Stop | undefined;
  return (listener) => {
    const guarded = guard(listener);
    listeners.add(guarded);
    stop ??= start((value) => {
      for (const each of listeners) each(value);
    });
    return () => {
      listeners.delete(guarded);
      if (!listeners.size) {
        stop?.();
        stop = undefined;
      }
    };
  };
};

/** Combines several stop functions into one, which calls them in order, each by itself. */
export const combineStops =
  (...stops: Stop[]): Stop =>
  () =>
    runEach(...stops);
