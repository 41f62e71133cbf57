/*
 * Replaces names of the platform as `parent.settings` says, before the SDK is loaded and after. Then it measures some clicks, an
 * edit and a web vital, and reports to the parent. It takes all names that it uses itself before it replaces any.
 */
{
  const { parent, setTimeout, addEventListener, console, history } = window;
  const { Event, MouseEvent, PointerEvent } = window;
  const [DateOfPage, PromiseOfPage] = [Date, Promise];
  const { settings, result, finish } = parent;
  const find = Document.prototype.querySelector.bind(document);
  const root = document.documentElement;
  const createElement = document.createElement.bind(document);
  const { dispatchEvent } = EventTarget.prototype;
  const { focus } = HTMLElement.prototype;

  addEventListener("error", (event) => result.uncaught.push(event.message));
  addEventListener("unhandledrejection", (event) => result.uncaught.push(`${event.reason}`));
  for (const type of ["submit", "click"]) addEventListener(type, (event) => event.preventDefault());

  let stopWaiting;
  /** Resolves when a web vital is captured, or a warning says why there is none. */
  const vital = new PromiseOfPage((resolve) => {
    stopWaiting = resolve;
  });
  console.warn = (...words) => {
    result.warned.push(words.join(" "));
    if (words.join(" ").includes("webVitals")) stopWaiting();
  };

  const nextTask = () => new PromiseOfPage((resolve) => setTimeout(resolve));
  const dispatch = (on, type, EventClass = MouseEvent) =>
    dispatchEvent.call(
      find(on),
      new EventClass(type, {
        bubbles: true,
        composed: true,
        cancelable: true,
        pointerType: "mouse",
        clientX: 1,
        clientY: 1,
      }),
    );

  /** Runs code as a script of the page, whose declarations are global. */
  const run = (code) => {
    const script = createElement("script");
    script.textContent = code;
    root.append(script);
  };

  const measure = async (sdk) => {
    run(settings.after);
    const tracker = sdk.createTracker({
      key: "tm_test_00000000",
      endpoint: location.origin,
      compress: sdk.gzip,
      signals: [
        ({ on }) =>
          on("event", (event) => {
            result.events.push(event);
            if (event.type === "web_vital") stopWaiting();
          }),
        ({ on }) => on("view", ({ url }) => result.urls.push(url)),
        sdk.pageViews({ enrichments: [sdk.deviceDetails] }),
        sdk.clicks({ enrichments: [sdk.clickLinks, sdk.clickNames, sdk.clickTexts], evidence: sdk.clickEvidence() }),
        ...[sdk.hovers({ intentAfter: 0 }), sdk.scrollDepth({ enrichment: sdk.readingDetails() }), sdk.dwell()],
        ...[sdk.media(), sdk.forms(), sdk.selections(), sdk.errors(), sdk.elementDwell(), sdk.webVitals()],
      ],
    });
    await nextTask();
    for (const place of ["#link", "[data-tm=order]", "#button"]) {
      dispatch(place, "pointerover", PointerEvent);
      dispatch(place, "click");
    }
    focus.call(find("#field"));
    dispatch("#field", "input", Event);
    dispatch("[data-tm=order]", "submit", Event);
    history.pushState({}, "", "?route");
    await nextTask();
    tracker.track("done", { list: [1, [2]], at: new DateOfPage(0) });
    tracker.identify("ada");
    await vital;
    await tracker.flush();
    tracker.stop();
    finish();
  };

  addEventListener("load", async () => {
    run(settings.before);
    await import("/sdk.mjs").then(measure).catch((error) => {
      result.uncaught.push(`${error}`);
      finish();
    });
  });
}
