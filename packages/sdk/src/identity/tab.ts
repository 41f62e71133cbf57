import { CLIENT_ID } from "@tidemark/schema/keys";
import { Number } from "../platform.ts";
import type { Stop } from "../sensors/listen.ts";
import { onPageChange } from "../sensors/page-state.ts";
import { storedValue } from "../storage/web-storage.ts";
import { createId } from "./create-id.ts";

/** The permanent identity of an event: its tab and its number in the tab. */
interface EventNumber {
  tab_id: string;
  seq: number;
}

/** The counter of a tab, as sessionStorage holds it. */
interface TabCounter {
  session_id: string;
  tab_id: string;
  next_seq: number;
}

/** The numbering of the events of this tab. */
export interface TabNumbers {
  /** Id of the tab in the events of its earlier pages; `undefined` when it has none. */
  readonly tabId: string | undefined;
  /** Takes the next number in a session. */
  nextNumber(sessionId: string): EventNumber;
  /** Ends the numbering by this page, and writes the counter back for the tab's next page. */
  leave: Stop;
}

/**
 * Creates the numbering of a tab's events, without gaps across the tab's pages.
 *
 * The counter moves from page to page in sessionStorage: a page removes it when it starts, and writes it back when it is left. So two
 * pages never use the same counter. A duplicated tab, which gets a copy of the storage, finds no counter, and neither does the page
 * after a crash: each starts a new one. So does a page restored from the back-forward cache.
 */
export const createTabNumbers = (name: string | false): TabNumbers => {
  const store = storedValue<TabCounter>("sessionStorage", name);
  let tab = store.read();
  // Any script of the origin can write to the storage.
  if (!(CLIENT_ID.test(`${tab?.tab_id}`) && Number.isSafeInteger(tab?.next_seq) && (tab?.next_seq as number) >= 0))
    tab = undefined;
  let left = false;

  const putBack = () => {
    left = true;
    store.write(tab);
  };

  store.write(undefined);
  const stopListening = onPageChange((change) => {
    if (change === "leave") putBack();
    if (change === "restore") {
      left = false;
      store.write(undefined);
      // Firefox restores the storage of the moment when the page was left, without the numbers that other pages took since.
      tab = undefined;
    }
  });

  return {
    tabId: tab?.tab_id,
    nextNumber(sessionId) {
      if (tab?.session_id !== sessionId) tab = { session_id: sessionId, tab_id: createId(), next_seq: 0 };
      const number = { tab_id: tab.tab_id, seq: tab.next_seq };
      tab.next_seq += 1;
      if (left) store.write(tab);
      return number;
    },
    leave() {
      stopListening();
      putBack();
    },
  };
};
