import { guard } from "../guard.ts";
import { combineStops, type Stop } from "../sensors/listen.ts";
import { createTimer } from "../sensors/timer.ts";
import type { Tracker } from "../tracker/tracker.ts";
import { createEventLog, type EventEntry } from "./event-log.ts";
import { openFrame } from "./frame.ts";
import { createPanel, type Panel } from "./panel.ts";
import { createVectorReader, type VectorReading } from "./vector.ts";

/** How long changes are gathered before they are shown, in milliseconds. */
const SHOW_EVERY_MS = 50;

/**
 * Opens a panel at the bottom of the page that shows what a tracker captures and what becomes of it: each event as captured,
 * sent, acknowledged, rejected or dropped, and why; and the session's vector, read again after each answer of the collector,
 * with what changed. Nothing that is done in the panel is measured. A module of its own: a page that does not ask for it does
 * not load it. The script tag loads it on pages with `?tidemark_inspect` in their URL.
 *
 * @returns A function that closes it.
 */
export const inspect = (tracker: Pick<Tracker, "sessionId" | "features" | "on">): Stop => {
  let panel: Panel | undefined;
  let reading: VectorReading = { vector: {}, changed: new Set(), error: "" };
  let problem = "";
  const news = new Set<EventEntry>();
  const eventLog = createEventLog((entry) => {
    news.add(entry);
    showTimer.start(SHOW_EVERY_MS);
  });

  const show = () => {
    panel?.showSummary({ sessionId: tracker.sessionId, totals: eventLog.totals, problem });
    if (panel) for (const entry of news) panel.showEntry(entry);
    news.clear();
  };
  const showTimer = createTimer(guard(show));

  const vectorReader = createVectorReader(tracker, (now) => {
    reading = now;
    panel?.showReading(reading);
  });

  const frame = openFrame("Tidemark inspector", (document) => {
    panel = createPanel(document, { setSmall: (isSmall) => frame.setSmall(isSmall), close: () => close() });
    for (const entry of eventLog.entries()) news.add(entry);
    show();
    panel.showReading(reading);
  });
  vectorReader.read();

  const close = combineStops(
    tracker.on("event", eventLog.captured),
    tracker.on("sent", eventLog.sent),
    tracker.on("acknowledged", (answer) => {
      problem = "";
      eventLog.acknowledged(answer);
      vectorReader.read();
    }),
    tracker.on("delivery_problem", (why) => {
      problem = why;
      eventLog.deliveryProblem(why);
      showTimer.start(SHOW_EVERY_MS);
    }),
    showTimer.stop,
    vectorReader.stop,
    frame.close,
  );
  return close;
};
