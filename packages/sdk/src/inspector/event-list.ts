import type { CreateElement } from "./element.ts";
import { type EventEntry, MAX_ENTRIES } from "./event-log.ts";

/** The list of events, the latest first. */
export interface EventList {
  element: HTMLElement;
  /** Shows an entry as it is now. */
  show(entry: EventEntry): void;
}

interface Row {
  element: HTMLElement;
  time: number;
  update(): void;
}

/** The time of day where the visitor is, to the millisecond. */
const timeOf = (time: number): string =>
  `${new Date(time).toTimeString().slice(0, 8)}.${`${time % 1000}`.padStart(3, "0")}`;

/** One line about an event: what it says beside its identity. */
const gistOf = ({ event }: EventEntry): string => {
  const { type, seq, time, view_id, ...fields } = event;
  return Object.keys(fields).length ? JSON.stringify(fields) : "";
};

const createRow = (make: CreateElement, entry: EventEntry): Row => {
  const { event } = entry;
  const state = make("span", { class: "state" });
  const reason = make("span", { class: "reason" });
  const json = make("pre", { tabindex: "0" });
  const details = make(
    "details",
    {},
    make(
      "summary",
      {},
      state,
      make("span", { class: "type" }, event.type),
      make("span", { class: "seq" }, `#${event.seq}`),
      make("time", {}, timeOf(event.time)),
      make("code", { class: "gist" }, gistOf(entry)),
      reason,
    ),
    json,
  );
  // What nobody looks at is not written out.
  details.addEventListener("toggle", () => {
    json.textContent = details.open ? JSON.stringify({ tab_id: entry.tab_id, ...event }, null, 2) : "";
  });
  const element = make("li", {}, details);
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

/** An empty list. It shows the latest {@link MAX_ENTRIES}. */
export const createEventList = (make: CreateElement): EventList => {
  const element = make("ol", { reversed: "" });
  const rows = new WeakMap<EventEntry, Row>();
  const shown: Row[] = [];
  return {
    element,
    show(entry) {
      let row = rows.get(entry);
      if (!row) {
        row = createRow(make, entry);
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
