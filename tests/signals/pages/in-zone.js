/*
 * Creates a tracker with all signals within a zone, as an app of Angular does. `window.zoneTasks` are the zone's tasks: scheduled or run.
 */
{
  const load = (src) =>
    new Promise((onload, onerror) => {
      document.head.append(Object.assign(document.createElement("script"), { src, onload, onerror }));
    });

  const forkZone = () =>
    window.Zone.root.fork({
      name: "app",
      onScheduleTask(parent, _, target, task) {
        window.zoneTasks.push(`schedule ${task.source}`);
        return parent.scheduleTask(target, task);
      },
      onInvokeTask(parent, _, target, task, ...call) {
        window.zoneTasks.push(`run ${task.source}`);
        return parent.invokeTask(target, task, ...call);
      },
    });

  const createTracker = ({ sdk, signalNames }) => {
    const options = {
      clicks: { enrichments: [sdk.clickLinks, sdk.clickNames, sdk.clickTexts], evidence: sdk.clickEvidence() },
      scrollDepth: { enrichment: sdk.readingDetails() },
    };
    const names = signalNames.filter((name) => typeof sdk[name] === "function");
    return sdk.createTracker({
      key: "tm_test_00000000",
      endpoint: location.origin,
      compress: sdk.gzip,
      signals: [
        ({ on }) => on("event", (event) => window.captured.push(event)),
        ...names.map((name) => sdk[name](options[name])),
      ],
    });
  };

  window.captured = [];

  /** Starts a tracker without a zone of this page. */
  window.start = async (script) => {
    await load(script);
    window.tracker = createTracker(window);
  };

  /** Starts a tracker in the zone, after the scripts have been loaded in this order. */
  window.startInZone = async (...scripts) => {
    for (const script of scripts) await load(script);
    window.zoneTasks = [];
    window.zone = forkZone();
    window.tracker = window.zone.run(() => createTracker(window));
  };
}
