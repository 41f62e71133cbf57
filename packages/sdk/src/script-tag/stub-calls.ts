import { guard } from "../guard.ts";
import type { Tracker } from "../tracker/tracker.ts";

/** A call that was made before the tracker was there: the method, its arguments, and who waits for what it returns. */
type Call = [method: keyof Tracker, args: never[], resolve?: (result: unknown) => void];

/** What a page has put in the tracker's place; see `stub.ts`. */
export interface Stub {
  q?: Iterable<Call> & { push(call: Call): void };
  config?: object;
}

/** Makes the calls that a stub has kept, in their order, and from then on at once those of who still holds its methods. */
export const replayCalls = (stub: Stub, tracker: Tracker): void => {
  const make = guard(([method, args, resolve]: Call) => {
    const result = (tracker[method] as (...args: never[]) => unknown)(...args);
    resolve?.(result);
  });
  for (const call of stub.q ?? []) make(call);
  Object.assign(stub, { q: { push: make } });
};
