import type { Stop } from "../sensors/listen.ts";
import { onPageChange } from "../sensors/page-state.ts";
import { mint } from "./mint.ts";
import { slot } from "./storage.ts";

/** An event's identity for ever. */
interface Stamp {
  tab_id: string;
  seq: number;
}

interface Tab {
  session_id: string;
  tab_id: string;
  next_seq: number;
}

/** Numbers the events of this tab: gives the next number in a session, and stops. */
export type TabNumbers = [nextIn: (sessionId: string) => Stamp, stop: Stop];

/**
 * Numbers a tab's events without a gap across the pages it visits. The count travels from page to page in sessionStorage:
 * a page takes it out when it begins and puts it back when it leaves. So no two pages ever hold the same count: neither a
 * duplicated tab, which gets a copy of the storage, nor the page after a crash finds one, and each begins its own. So does
 * a page that comes back from the back-forward cache.
 */
export const createTabNumbers = (name: string | false): TabNumbers => {
  const store = slot<Tab>("sessionStorage", name);
  let tab: Tab | null | undefined;
  let left = false;

  const take = () => {
    tab = store.read();
    store.write(undefined);
    left = false;
  };
  const leave = () => {
    left = true;
    store.write(tab);
  };

  take();
  const stop = onPageChange((change) => {
    if (change === "leave") leave();
    if (change === "restore") {
      take();
      // Firefox shows a restored page the storage as the page left it: what others counted since is not in there.
      tab = undefined;
    }
  });

  return [
    (sessionId) => {
      if (tab?.session_id !== sessionId) tab = { session_id: sessionId, tab_id: mint(), next_seq: 0 };
      const stamp = { tab_id: tab.tab_id, seq: tab.next_seq };
      tab.next_seq += 1;
      if (left) store.write(tab);
      return stamp;
    },
    () => {
      stop();
      leave();
    },
  ];
};
