/*
 * Records how a tracker uses the browser. `window.accesses` lists each read of Global Privacy Control, each storage access and each
 * request, in order. `window.captured` has the captured events, `window.sent` the batches, and `window.requests` the path and
 * credentials of each request. `window.failures` has the uncaught errors and unhandled rejections. `window.start(options)` starts the
 * tracker. In a frame, the page runs the scripts that its parent posts, and posts their results back.
 */
{
  window.accesses = [];
  window.sent = [];
  window.requests = [];
  window.captured = [];
  window.failures = [];
  addEventListener("error", ({ message }) => failures.push(message));
  addEventListener("unhandledrejection", ({ reason }) => failures.push(`${reason}`));
  addEventListener("message", async ({ data, source }) => {
    if (source === parent) parent.postMessage(await new Function(`return (async () => {${data}})()`)(), "*");
  });

  for (const method of ["getItem", "setItem", "removeItem"]) {
    const original = Storage.prototype[method];
    Storage.prototype[method] = function (...rest) {
      accesses.push(method);
      return original.apply(this, rest);
    };
  }
  for (const method of ["open", "deleteDatabase"]) {
    const original = IDBFactory.prototype[method];
    IDBFactory.prototype[method] = function (...rest) {
      accesses.push(method);
      return original.apply(this, rest);
    };
  }
  const { fetch } = window;
  window.fetch = (url, options) => {
    accesses.push("fetch");
    requests.push([url.slice(location.origin.length), options?.credentials]);
    if (options?.body) sent.push(JSON.parse(new TextDecoder().decode(options.body)));
    return window.isDown ? Promise.reject(new TypeError("down")) : fetch(url, options);
  };
  const query = new URLSearchParams(location.search);
  const setNavigator = (name, value) =>
    Object.defineProperty(navigator, name, {
      configurable: true,
      get() {
        accesses.push(name);
        return value;
      },
    });
  setNavigator("globalPrivacyControl", query.has("gpc"));
  if (query.has("dnt")) setNavigator("doNotTrack", "1");

  window.start = (options = {}) => {
    const record = ({ on }) => on("event", (event) => captured.push(event));
    window.tracker = sdk.createTracker({
      endpoint: location.origin,
      // The page reads the requests.
      compress: false,
      signals: [record, sdk.pageViews(), sdk.clicks({ enrichments: [sdk.clickNames] }), sdk.hovers()],
      ...options,
    });
  };

  /** The names of stored values and databases that begin with a prefix, by storage. */
  window.stored = async (prefix) => {
    const matching = (names) => names.filter((name) => name.startsWith(prefix));
    return {
      local: matching(Object.keys(localStorage)),
      session: matching(Object.keys(sessionStorage)),
      databases: matching((await indexedDB.databases()).map((database) => database.name)),
    };
  };

  /** Waits for the transactions of the databases whose names begin with a prefix. */
  window.whenIdle = async (prefix) => {
    const databases = (await stored(prefix)).databases.map(
      (name) =>
        new Promise((resolve, reject) => {
          const request = indexedDB.open(name);
          request.onerror = () => reject(request.error);
          request.onsuccess = () => {
            const transaction = request.result.transaction(request.result.objectStoreNames, "readwrite");
            transaction.oncomplete = () => resolve(request.result.close());
          };
        }),
    );
    await Promise.all(databases);
  };
}
