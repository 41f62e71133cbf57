import { once } from "node:events";
import { site } from "../collector/traffic.ts";
import type { PartCounts } from "./counts.ts";
import type { SentBatch } from "./traffic.ts";

/** Time between two batches of a visit from which the page counts as hidden, in milliseconds. */
const HIDDEN_MS = 120_000;

/** Interval of a page's pings, in milliseconds, as the SDK sends them. */
const PING_MS = 45_000;

/** Messages of pages that are billed as one request. The object's own messages are free. */
const BILLED_MESSAGES = 20;

/** Time from a connection to its proof, in milliseconds: an assumed round trip, in which the object stays active. */
const PROOF_MS = 100;

/** A page that follows its session, and the time of its latest batch. */
interface Page {
  socket?: WebSocket | undefined;
  at: number;
}

/** Pages that follow their sessions while they are visible. */
export interface Followers {
  /** Connects the page of a batch: a new page, and one that was hidden. */
  before(sent: SentBatch): Promise<void>;
  /** Connects the page again, if the collector had no such session before the batch. */
  after(sent: SentBatch): Promise<void>;
  /** Adds the costs of connections that the Worker does not count itself. */
  addTo(part: PartCounts): void;
  /** The numbers of connections and of vectors that were sent. */
  totals(): { connections: number; vectors: number };
  close(): void;
}

/** Creates the pages of the visits to a Worker. */
export const createFollowers = (origin: string): Followers => {
  const pages = new Map<string, Page>();
  let connections = 0;
  let messages = 0;
  let vectors = 0;

  const connect = async ({ batch }: SentBatch, page: Page): Promise<void> => {
    const socket = new WebSocket(`${origin.replace("http", "ws")}/v1/follow/${batch.session_id}?key=${site.key}`);
    const closed = once(socket, "close");
    await once(socket, "open");
    connections += 1;
    messages += 1;
    socket.addEventListener("message", () => {
      vectors += 1;
    });
    const proven = once(socket, "message");
    socket.send(JSON.stringify({ session_secret: batch.session_secret }));
    await Promise.race([proven, closed]);
    page.socket = socket.readyState === WebSocket.OPEN ? socket : undefined;
  };

  return {
    async before(sent) {
      const { at, batch } = sent;
      const page = pages.get(batch.session_id) ?? { at };
      pages.set(batch.session_id, page);
      const isHidden = at - page.at > HIDDEN_MS;
      if (!isHidden) messages += (at - page.at) / PING_MS;
      page.at = at;
      const isLoaded = batch.events.some((event) => event.type === "page_view" && event.cause === "load");
      if (page.socket && !isLoaded && !isHidden) return;
      page.socket?.close();
      await connect(sent, page);
    },

    async after(sent) {
      const page = pages.get(sent.batch.session_id);
      if (!page || page.socket) return;
      await connect(sent, page);
      if (!page.socket) throw new Error("a page could not follow its session");
    },

    addTo(part) {
      part.objectRequests += messages / BILLED_MESSAGES;
      part.activeMs += connections * PROOF_MS;
    },

    totals: () => ({ connections, vectors }),

    close() {
      for (const { socket } of pages.values()) socket?.close();
    },
  };
};
