/*
 * Measures the page that it is on: with every signal, or those that the page's query names (`?signals=clicks,dwell`), with
 * the options of `?options={"dwell":{"idleAfter":1000}}`, in which "sdk.clickLinks" and "sdk.readingDetails()" stand for what the SDK
 * exports. The tracker is in `window.tracker`; what it captures is appended to `window.captured` and, for the whole tab, to
 * `sessionStorage.captured`.
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
    sessionStorage.captured = JSON.stringify([...JSON.parse(sessionStorage.captured ?? "[]"), event]);
  };

  // The first events come from within createTracker: its hearers are there before the signals start.
  const hear = ({ on }) => on("event", capture);
  window.tracker = sdk.createTracker({
    key: "tm_test_00000000",
    endpoint: location.origin,
    signals: [hear, ...names.map((name) => sdk[name](options[name]))],
  });
}
