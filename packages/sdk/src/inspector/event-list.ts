import { toJson } from "../json.ts";
import { Date, JSON, Object, WeakMap } from "../platform.ts";
import type { CreateElement } from "./element.ts";
import { type EventEntry, MAX_ENTRIES } from "./event-log.ts";

/** The list of events, the latest first. */
export interface EventList {
  element: HTMLElement;
  /** Shows the current state of an entry. */
  show(entry: EventEntry): void;
}

interface Row {
  element: HTMLElement;
  time: number;
  update(): void;
}

/** The time of day in the visitor's time zone, to the millisecond. */
const timeOf = (time: number): string =>
  `${new Date(time).toTimeString().slice(0, 8)}.${`${time % 1000}`.padStart(3, "0")}`;

/** A summary of an event in one line: its fields other than identity and time. */
const summaryOf = ({ event }: EventEntry): string => {
  const { type, seq, time, view_id, ...fields } = event;
  return Object.keys(fields).length ? toJson(fields) : "";
};

const createRow = (createElement: CreateElement, entry: EventEntry): Row => {
  const { event } = entry;
  const state = createElement("span", { class: "state" });
  const reason = createElement("span", { class: "reason" });
  const json = createElement("pre", { tabindex: "0" });
  const details = createElement(
    "details",
    {},
    createElement(
      "summary",
      {},
      state,
      createElement("span", { class: "type" }, event.type),
      createElement("span", { class: "seq" }, `#${event.seq}`),
      createElement("time", {}, timeOf(event.time)),
      createElement("code", { class: "gist" }, summaryOf(entry)),
      reason,
    ),
    json,
  );
  // The JSON is written only while it is visible.
  details.addEventListener("toggle", () => {
    json.textContent = details.open ? JSON.stringify({ tab_id: entry.tab_id, ...event }, null, 2) : "";
  });
  const element = createElement("li", {}, details);
  return {
    element,
    time: event.time,
    update() {
      element.className = entry.state;
      state.textContent = entry.sendings > 1 ? `${entry.state} (${entry.sendings})` : entry.state;
      reason.textContent = entry.reason ?? "";
      reason.hidden = !entry.reason;
    },
  };
};

/** Creates an empty list of events. It shows the latest {@link MAX_ENTRIES}. */
export const createEventList = (createElement: CreateElement): EventList => {
  const element = createElement("ol", { reversed: "" });
  const rows = new WeakMap<EventEntry, Row>();
  const shown: Row[] = [];
  return {
    element,
    show(entry) {
      let row = rows.get(entry);
      if (!row) {
        row = createRow(createElement, entry);
        rows.set(entry, row);
        const { time } = row;
        const older = shown.findIndex((other) => other.time <= time);
        const place = older < 0 ? shown.length : older;
        element.insertBefore(row.element, shown[place]?.element ?? null);
        shown.splice(place, 0, row);
      }
      row.update();
      for (const old of shown.splice(MAX_ENTRIES)) old.element.remove();
    },
  };
};
