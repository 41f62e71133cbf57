import { guard } from "../guard.ts";
import { outsideZone, Set } from "../platform.ts";
import { combineStops, type Stop } from "../sensors/listen.ts";
import { createTimer } from "../sensors/timer.ts";
import type { Tracker } from "../tracker/tracker.ts";
import { createEventLog, type EventEntry } from "./event-log.ts";
import { openFrame } from "./frame.ts";
import { createPanel, type Panel } from "./panel.ts";
import { createVectorReader, type VectorReading } from "./vector.ts";

/** How long changes are collected before they are shown together, in milliseconds. */
const SHOW_EVERY_MS = 50;

type InspectedTracker = Pick<Tracker, "sessionId" | "features" | "on">;

/**
 * Opens a panel at the bottom of the page that shows a tracker's events and the session's vector.
 *
 * Each event is shown as captured, sent, acknowledged, rejected or dropped, with the reason. The vector is read after each
 * response of the collector, and its changes are marked. Before the first one the collector may not know the session. Actions in the panel are not measured. A page that does not import this
 * module does not load it. The script tag loads it on pages with `?tidemark_inspect` in the URL.
 *
 * @returns A function that closes the panel.
 */
export const inspect = (tracker: InspectedTracker): Stop => outsideZone(() => open(tracker));

const open = (tracker: InspectedTracker): Stop => {
  let panel: Panel | undefined;
  let reading: VectorReading = {
    vector: {},
    changed: new Set(),
    error: "The vector follows with the next response of the collector.",
  };
  let problem = "";
  const changedEntries = new Set<EventEntry>();
  const eventLog = createEventLog((entry) => {
    changedEntries.add(entry);
    showTimer.start(SHOW_EVERY_MS);
  });

  const show = () => {
    panel?.showSummary({ sessionId: tracker.sessionId, totals: eventLog.totals, problem });
    if (panel) for (const entry of changedEntries) panel.showEntry(entry);
    changedEntries.clear();
  };
  const showTimer = createTimer(guard(show));

  const vectorReader = createVectorReader(tracker, (latest) => {
    reading = latest;
    panel?.showVector(reading);
  });

  const frame = openFrame("Tidemark inspector", (document) => {
    panel = createPanel(document, { setSmall: (isSmall) => frame.setSmall(isSmall), close: () => close() });
    for (const entry of eventLog.entries()) changedEntries.add(entry);
    show();
    panel.showVector(reading);
  });

  const close = combineStops(
    tracker.on("event", eventLog.captured),
    tracker.on("sent", eventLog.sent),
    tracker.on("acknowledged", (response) => {
      problem = "";
      eventLog.acknowledged(response);
      vectorReader.read();
    }),
    tracker.on("rejected", (batch) => {
      problem = `${batch.message} (${batch.code})`;
      eventLog.rejected(batch);
      showTimer.start(SHOW_EVERY_MS);
    }),
    tracker.on("delivery_problem", (message) => {
      problem = message;
      showTimer.start(SHOW_EVERY_MS);
    }),
    showTimer.stop,
    vectorReader.stop,
    frame.close,
  );
  return close;
};
