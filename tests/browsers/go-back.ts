import { setTimeout } from "node:timers/promises";
import type { Tab } from "./browser.ts";
import { holds } from "./holds.ts";

/** Time limit for the previous page, in milliseconds. */
const TIMEOUT_MS = 10_000;

/**
 * Goes back with `history.back()`, and waits until another document has loaded or this one has a `popstate` event.
 *
 * The drivers' commands are unsuitable. Puppeteer's waits for a `load` event, which a restore from Firefox's
 * back-forward cache does not have. WebKit's skips entries that a script made, like its back button.
 */
export const goBack = async (tab: Pick<Tab, "run">): Promise<void> => {
  await tab.run(`
    window.hasArrived = false;
    addEventListener("popstate", () => { window.hasArrived = true; }, { once: true });
    history.back();
  `);
  const isDone = () => holds(tab, `window.hasArrived !== false && document.readyState === "complete"`);
  for (const deadline = Date.now() + TIMEOUT_MS; !(await isDone()); await setTimeout(20))
    if (Date.now() > deadline) throw new Error(`history.back() showed no page within ${TIMEOUT_MS} ms.`);
};
