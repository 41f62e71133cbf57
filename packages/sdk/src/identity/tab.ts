import type { Stop } from "../sensors/listen.ts";
import { onPageChange } from "../sensors/page-state.ts";
import { storedValue } from "../storage/web-storage.ts";
import { createId } from "./create-id.ts";

/** The permanent identity of an event: its tab and its number there. */
interface EventNumber {
  tab_id: string;
  seq: number;
}

interface Tab {
  session_id: string;
  tab_id: string;
  next_seq: number;
}

/** Numbers the events of this tab. */
export interface TabNumbers {
  /** The next number in a session. */
  nextNumber(sessionId: string): EventNumber;
  /** Leaves the count to the tab's next page. */
  leave: Stop;
}

/**
 * Numbers a tab's events without a gap across the pages it visits. The count travels from page to page in sessionStorage:
 * a page takes it out when it begins and puts it back when it leaves. So no two pages ever hold the same count: neither a
 * duplicated tab, which gets a copy of the storage, nor the page after a crash finds one, and each begins its own. So does
 * a page that comes back from the back-forward cache.
 */
export const createTabNumbers = (name: string | false): TabNumbers => {
  const store = storedValue<Tab>("sessionStorage", name);
  let tab = store.read();
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
      // Firefox shows a restored page the storage as the page left it: what others counted since is not in there.
      tab = undefined;
    }
  });

  return {
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
