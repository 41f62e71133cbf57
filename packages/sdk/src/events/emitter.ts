import { guard } from "../guard.ts";
import { Set } from "../platform.ts";
import type { Stop } from "../sensors/listen.ts";

/** Adds a listener for one type of event. Returns a function that removes it. */
export type On<Events> = <T extends keyof Events>(type: T, listener: (event: Events[T]) => void) => Stop;

/** Notifies the listeners of one type of event. */
export type Emit<Events> = <T extends keyof Events>(type: T, event: Events[T]) => void;

/** An emitter of events. `Events` maps the name of each type to its payload. */
export interface Emitter<Events> {
  on: On<Events>;
  emit: Emit<Events>;
}

/** Creates an emitter. An exception in one listener becomes a warning and does not affect the others. */
export const createEmitter = <Events>(): Emitter<Events> => {
  const listeners = new Set<(type: keyof Events, event: never) => void>();
  return {
    on(type, listener) {
      const guarded = guard(listener);
      const notify = (emitted: keyof Events, event: never) => {
        if (emitted === type) guarded(event);
      };
      listeners.add(notify);
      return () => listeners.delete(notify);
    },
    emit(type, event) {
      for (const notify of listeners) notify(type, event as never);
    },
  };
};
