/*
 * Starts a tracker on the page, in `window.tracker`. The page's query sets the signals (`?signals=clicks,dwell`, default: all) and
 * their options (`?options={"dwell":{"idleAfter":1000}}`). In options, "sdk.clickLinks" and "sdk.readingDetails()" stand for exports
 * of the SDK. `?collector=/hanging` is the path of the collector. Captured events are appended to `window.captured` and, for the whole tab, to
 * `sessionStorage.captured`. A frame sends their types to its parent.
 */
{
  const { sdk, signalNames } = window;
  const query = new URLSearchParams(location.search);
  const names =
    query.get("signals")?.split(",").filter(Boolean) ?? signalNames.filter((name) => typeof sdk[name] === "function");
  const options = JSON.parse(query.get("options") ?? "{}", (_, value) => {
    const [, name, call] = /^sdk\.(\w+)(\(\))?$/.exec(value) ?? [];
    return name ? (call ? sdk[name]() : sdk[name]) : value;
  });

  window.captured = [];
  const capture = (event) => {
    window.captured.push(event);
    if (parent !== window) parent.postMessage(event.type, "*");
    sessionStorage.captured = JSON.stringify([...JSON.parse(sessionStorage.captured ?? "[]"), event]);
  };

  // A signal, listed first, so that it also receives the events that are captured in createTracker.
  const listen = ({ on }) => on("event", capture);
  window.tracker = sdk.createTracker({
    key: "tm_test_00000000",
    endpoint: location.origin + (query.get("collector") ?? ""),
    signals: [listen, ...names.map((name) => sdk[name](options[name]))],
  });
}
