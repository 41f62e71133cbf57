import type { Stop } from "../sensors/listen.ts";
import { adopt, elementFactory } from "./element.ts";
import { createEventList, type EventList } from "./event-list.ts";
import { eventStates, type Totals } from "./event-log.ts";
import { STYLE } from "./style.ts";
import { createVectorList, type VectorList } from "./vector-list.ts";

/** What the panel's buttons do. */
export interface PanelActions {
  setSmall(isSmall: boolean): void;
  close: Stop;
}

/** What the header says. */
interface Summary {
  /** Empty while the visitor may not be measured. */
  sessionId: string;
  totals: Totals;
  /** Why the last request failed, in words; empty when the last one was answered. */
  problem: string;
}

/** Everything that there is to see. */
export interface Panel {
  showSummary(summary: Summary): void;
  showEntry: EventList["show"];
  showReading: VectorList["show"];
}

/** Fills an empty document with a header line, the events, and the vector. */
export const createPanel = (document: Document, { setSmall, close }: PanelActions): Panel => {
  const make = elementFactory(document);
  const events = createEventList(make);
  const vector = createVectorList(make);

  const session = make("code");
  const counts = eventStates.map((state) => [state, make("b")] as const);
  const problem = make("p", { class: "problem", role: "status" });
  const fold = make("button", { type: "button", "aria-expanded": "true", "aria-controls": "panes" }, "Fold");
  const leave = make("button", { type: "button" }, "Close");
  const hint = make(
    "p",
    { class: "hint" },
    "Nothing captured yet: click, scroll or move in the page. What waits for consent is not shown.",
  );
  const panes = make(
    "main",
    { id: "panes" },
    make("section", { "aria-label": "Events" }, make("h2", {}, "Events"), hint, events.element),
    make("section", { "aria-label": "Vector", tabindex: "0" }, make("h2", {}, "Vector"), vector.element),
  );

  fold.addEventListener("click", () => {
    panes.hidden = !panes.hidden;
    fold.textContent = panes.hidden ? "Unfold" : "Fold";
    fold.setAttribute("aria-expanded", `${!panes.hidden}`);
    setSmall(panes.hidden);
  });
  leave.addEventListener("click", close);

  adopt(document, STYLE);
  document.documentElement.lang = "en";
  document.body.append(
    make(
      "header",
      {},
      make("h1", {}, "Tidemark"),
      make("p", { class: "session" }, "session ", session),
      make(
        "p",
        { class: "totals" },
        ...counts.map(([state, count]) => make("span", { class: state }, count, ` ${state}`)),
      ),
      problem,
      fold,
      leave,
    ),
    panes,
  );

  return {
    showSummary({ sessionId, totals, problem: text }) {
      session.textContent = sessionId || "none without consent";
      for (const [state, count] of counts) {
        count.textContent = `${totals[state]}`;
        count.className = totals[state] ? "some" : "";
      }
      problem.textContent = text;
      hint.hidden = totals.captured > 0;
    },
    showEntry: events.show,
    showReading: vector.show,
  };
};
