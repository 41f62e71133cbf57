import { setTimeout } from "node:timers/promises";
import type { Tab } from "./browser.ts";

/** Time after which a script has no result, in milliseconds. */
const TIMEOUT_MS = 1_000;

/**
 * Whether a condition holds in a tab that may be leaving its page: `false` while a script has no result there. A script
 * fails while a document loads. In a page that enters the back-forward cache meanwhile, it has no result for ever.
 */
export const holds = ({ run }: Pick<Tab, "run">, condition: string): Promise<boolean> =>
  Promise.race([run<boolean>(`return ${condition}`), setTimeout(TIMEOUT_MS, false)]).catch(() => false);
