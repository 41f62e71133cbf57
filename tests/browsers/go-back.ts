import { setTimeout } from "node:timers/promises";
import type { Tab } from "./browser.ts";

/** Longest wait for the page of before, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Goes back by the page's own history, until another document is there or this one has been told. The
 * drivers' own ways back are no use: Puppeteer's waits for a load event, which a restore from Firefox's back-forward cache does
 * not have, and WebKit's skips entries that a script made, as its back button does.
 */
export const goBack = async ({ run }: Pick<Tab, "run">): Promise<void> => {
  await run(`
    window.isLeft = false;
    addEventListener("popstate", () => { window.isLeft = true; }, { once: true });
    history.back();
  `);
  // While the documents change, there is none to ask.
  const isThere = () =>
    run<boolean>(`return window.isLeft !== false && document.readyState === "complete"`).catch(() => false);
  for (const until = Date.now() + PATIENCE; !(await isThere()); await setTimeout(20))
    if (Date.now() > until) throw new Error(`There was no page to go back to within ${PATIENCE} ms.`);
};
