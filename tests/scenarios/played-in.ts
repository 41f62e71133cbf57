import type { Undrivable } from "../../scripts/docs/driver-limits.ts";
import { type EngineName, engineNames } from "../browsers/browser.ts";
import { type Need, type Scenario, scenarios } from "./scenarios.ts";

/** Why an engine cannot be driven to do something; where nothing stands, it can. */
const reasons: Record<EngineName, Partial<Record<Need, string>>> = {
  chromium: {},
  firefox: {
    quota: "WebDriver BiDi has no order that sets a quota.",
    discard: "WebDriver BiDi has no order that freezes or discards a page.",
  },
  webkit: {
    profile: "WebKitGTK's MiniBrowser keeps all storage in memory while it is driven: its next start finds none.",
    quota: "WebKitWebDriver has no order that sets a quota.",
    discard: "WebKitWebDriver has no order that freezes or discards a page.",
    destroy: "WebKitWebDriver closes a window in one way only.",
  },
};

/** Why a scenario cannot be played in an engine; undefined where it can. */
export const whyNot = (engine: EngineName, { needs }: Scenario): string | undefined => needs && reasons[engine][needs];

/** The scenarios that are played in an engine. */
export const playedIn = (engine: EngineName): Scenario[] => scenarios.filter((each) => !whyNot(engine, each));

/** All scenarios that cannot be played in an engine, for the documentation to show. */
export const unplayable: Undrivable[] = engineNames.flatMap((engine) =>
  scenarios.flatMap((scenario) => {
    const why = whyNot(engine, scenario);
    return why ? [{ engine, what: scenario.name, why }] : [];
  }),
);
