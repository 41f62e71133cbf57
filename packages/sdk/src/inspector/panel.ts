import { browserDenial } from "../options/consent.ts";
import type { Stop } from "../sensors/listen.ts";
import { elementFactory, setStyle } from "./element.ts";
import { createEventList, type EventList } from "./event-list.ts";
import { eventStates, type Totals } from "./event-log.ts";
import { STYLE } from "./style.ts";
import { createVectorList, type VectorList } from "./vector-list.ts";

/** The actions of the panel's buttons. */
export interface PanelActions {
  setSmall(isSmall: boolean): void;
  close: Stop;
}

/** The content of the header. */
interface Summary {
  /** Empty without consent to measurement. */
  sessionId: string;
  totals: Totals;
  /** The message of the latest delivery problem; empty after a response of the collector. */
  problem: string;
}

/** The visible panel. */
export interface Panel {
  showSummary(summary: Summary): void;
  showEntry: EventList["show"];
  showVector: VectorList["show"];
}

/** Creates the panel in an empty document: a header line, the events, and the vector. */
export const createPanel = (document: Document, { setSmall, close }: PanelActions): Panel => {
  const createElement = elementFactory(document);
  const events = createEventList(createElement);
  const vector = createVectorList(createElement);

  const session = createElement("code");
  const counts = eventStates.map((state) => [state, createElement("b")] as const);
  const problem = createElement("p", { class: "problem", role: "status" });
  const fold = createElement("button", { type: "button", "aria-expanded": "true", "aria-controls": "panes" }, "Fold");
  const leave = createElement("button", { type: "button" }, "Close");
  const hint = createElement(
    "p",
    { class: "hint" },
    "No events captured yet: click, scroll or move in the page. Events that wait for consent are not shown.",
  );
  const panes = createElement(
    "main",
    { id: "panes" },
    createElement("section", { "aria-label": "Events" }, createElement("h2", {}, "Events"), hint, events.element),
    createElement(
      "section",
      { "aria-label": "Vector", tabindex: "0" },
      createElement("h2", {}, "Vector"),
      vector.element,
    ),
  );

  fold.addEventListener("click", () => {
    panes.hidden = !panes.hidden;
    fold.textContent = panes.hidden ? "Unfold" : "Fold";
    fold.setAttribute("aria-expanded", `${!panes.hidden}`);
    setSmall(panes.hidden);
  });
  leave.addEventListener("click", close);

  setStyle(document, STYLE);
  document.documentElement.lang = "en";
  document.body.append(
    createElement(
      "header",
      {},
      createElement("h1", {}, "Tidemark"),
      createElement("p", { class: "session" }, "session ", session),
      createElement(
        "p",
        { class: "totals" },
        ...counts.map(([state, count]) => createElement("span", { class: state }, count, ` ${state}`)),
      ),
      problem,
      fold,
      leave,
    ),
    panes,
  );

  return {
    showSummary({ sessionId, totals, problem: text }) {
      session.textContent = sessionId || `none: ${browserDenial() ?? "no consent"}`;
      for (const [state, count] of counts) {
        count.textContent = `${totals[state]}`;
        count.className = totals[state] ? "some" : "";
      }
      problem.textContent = text;
      hint.hidden = totals.captured > 0;
    },
    showEntry: events.show,
    showVector: vector.show,
  };
};
