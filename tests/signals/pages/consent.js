/*
 * Writes down what a tracker asks the browser for: `window.touched` has, in its order, each question for Global Privacy
 * Control, each storage access and each request; `window.sent` the batches, `window.requests` path and credentials of each request. `window.start(options)` starts the tracker.
 */
{
  window.touched = [];
  window.sent = [];
  window.requests = [];
  window.heard = [];

  for (const method of ["getItem", "setItem", "removeItem"]) {
    const original = Storage.prototype[method];
    Storage.prototype[method] = function (...rest) {
      touched.push(method);
      return original.apply(this, rest);
    };
  }
  for (const method of ["open", "deleteDatabase"]) {
    const original = IDBFactory.prototype[method];
    IDBFactory.prototype[method] = function (...rest) {
      touched.push(method);
      return original.apply(this, rest);
    };
  }
  const { fetch } = window;
  window.fetch = (url, options) => {
    touched.push("fetch");
    requests.push([url.slice(location.origin.length), options?.credentials]);
    if (options?.body) sent.push(JSON.parse(new TextDecoder().decode(options.body)));
    return window.isDown ? Promise.reject(new TypeError("down")) : fetch(url, options);
  };
  const signs = new URLSearchParams(location.search);
  const sign = (name, value) =>
    Object.defineProperty(navigator, name, {
      configurable: true,
      get() {
        touched.push(name);
        return value;
      },
    });
  sign("globalPrivacyControl", signs.has("gpc"));
  if (signs.has("dnt")) sign("doNotTrack", "1");

  window.start = (options = {}) => {
    const hear = ({ on }) => on("event", (event) => heard.push(event));
    window.tracker = sdk.createTracker({
      endpoint: location.origin,
      signals: [hear, sdk.pageViews(), sdk.clicks({ enrichments: [sdk.clickNames] }), sdk.hovers()],
      ...options,
    });
  };

  /** What is on the device whose name begins so, by where it lies. */
  window.stored = async (name) => {
    const mine = (names) => names.filter((each) => each.startsWith(name));
    return {
      local: mine(Object.keys(localStorage)),
      session: mine(Object.keys(sessionStorage)),
      databases: mine((await indexedDB.databases()).map((database) => database.name)),
    };
  };
}
