/*
 * With `?clock=stopped` in the page's query, the time of its scripts stands still, and no timer runs, until a test lets time pass. So
 * a test is exact, however slow the machine is. Timers without a delay run as always. Loaded before the SDK, which takes the platform's
 * names when it is loaded.
 */
if (new URLSearchParams(location.search).get("clock") === "stopped") {
  const { setTimeout, clearTimeout } = window;
  /** The waiting timers by their ids, which are negative: the browser's own are positive. */
  const timers = new Map();
  let at = performance.now();
  let latest = 0;

  performance.now = () => at;
  Date.now = () => Math.round(performance.timeOrigin + at);
  window.setTimeout = (run, ms, ...given) => {
    if (!(ms > 0)) return setTimeout(run, 0, ...given);
    latest -= 1;
    timers.set(latest, { at: at + ms, run: () => run(...given) });
    return latest;
  };
  window.clearTimeout = (id) => timers.delete(id) || clearTimeout(id);

  const earliest = () =>
    [...timers].reduce((first, each) => (first && first[1].at <= each[1].at ? first : each), undefined);
  /** Resolves in the next task. Browsers delay the timers of hidden pages, and no messages. */
  const task = () =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(port1.close());
      port2.postMessage(0);
    });

  /** Lets time pass, in milliseconds. Timers run at their times, each in a task of its own. */
  window.pass = async (ms) => {
    const end = at + ms;
    for (let next = earliest(); next && next[1].at <= end; next = earliest()) {
      const [id, timer] = next;
      timers.delete(id);
      at = Math.max(at, timer.at);
      timer.run();
      await task();
    }
    at = end;
    await task();
  };

  /** Lets time pass, in milliseconds, while no timer runs, as in a page in the back-forward cache. */
  window.passFrozen = (ms) => {
    at += ms;
  };
}
