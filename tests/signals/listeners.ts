import type { Tab } from "../browsers/browser.ts";

/**
 * Starts a signal on its own, does something with it, stops it, and gives the events that something still listens for.
 *
 * @param act The body of an async function in the page, to make the signal do what it does.
 */
export const listenersLeftBy = (tab: Tab, signal: string, act: string): Promise<string[]> =>
  tab.run(`
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    const listeners = [];
    EventTarget.prototype.addEventListener = function (type, hear, options) {
      listeners.push([this, type, hear]);
      return addEventListener.call(this, type, hear, options);
    };
    EventTarget.prototype.removeEventListener = function (type, hear, options) {
      const at = listeners.findIndex((each) => each[0] === this && each[1] === type && each[2] === hear);
      if (at >= 0) listeners.splice(at, 1);
      return removeEventListener.call(this, type, hear, options);
    };
    const emitted = [];
    const stop = sdk.${signal}()({ capture: (type) => emitted.push(type), on: () => () => {}, beginView: () => ({}) });
    const began = listeners.length;
    ${act}
    stop();
    Object.assign(EventTarget.prototype, { addEventListener, removeEventListener });
    return began ? listeners.map(([, type]) => type) : ["it never listened"];
  `);
