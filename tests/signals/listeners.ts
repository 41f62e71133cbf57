import type { Tab } from "../browsers/browser.ts";

/**
 * Starts a signal without a tracker, runs a script, stops the signal, and returns the types of the events that still
 * have a listener.
 *
 * @param act Body of an async function in the page that makes the signal capture something.
 */
export const listenersLeftBy = (tab: Tab, signal: string, act: string): Promise<string[]> =>
  tab.run(`
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    const listeners = [];
    EventTarget.prototype.addEventListener = function (type, listener, options) {
      // A transaction ends by itself, and its listeners with it.
      if (!(this instanceof IDBTransaction)) listeners.push([this, type, listener]);
      return addEventListener.call(this, type, listener, options);
    };
    EventTarget.prototype.removeEventListener = function (type, listener, options) {
      const index = listeners.findIndex((each) => each[0] === this && each[1] === type && each[2] === listener);
      if (index >= 0) listeners.splice(index, 1);
      return removeEventListener.call(this, type, listener, options);
    };
    const emitted = [];
    const stop = sdk.${signal}()({ capture: (type) => emitted.push(type), on: () => () => {}, beginView: () => ({}), continueSession() {}, runs() {} });
    const count = listeners.length;
    ${act}
    stop();
    Object.assign(EventTarget.prototype, { addEventListener, removeEventListener });
    return count ? listeners.map(([, type]) => type) : ["the signal added no listener"];
  `);
