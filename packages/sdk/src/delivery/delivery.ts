import type { Event, View } from "@tidemark/schema";
import type { BatchOrigin } from "../events/queued-batch.ts";
import type { Emit } from "../events/tracker-events.ts";
import { onPageChange } from "../sensors/page-state.ts";
import type { Collector } from "./collector.ts";
import { createQueue } from "./queue.ts";
import { recoverUnsent } from "./recover-unsent.ts";
import { createSender } from "./sender.ts";
import { createSpool } from "./spool.ts";
import { createUnloadBuffer } from "./unload-buffer.ts";

/** Types of events that go at once, if no other batch waits: what the site itself reports, forms sent, and errors. */
const URGENT = /custom|identify|error|submit/;

/** Brings events to the collector: each at least once, and the collector counts each once. */
export interface Delivery {
  /**
   * Takes an event in. It is sent within two seconds, and at once when the page is hidden.
   *
   * @param propertyBytes Bytes of JSON that a caller added to the event.
   */
  deliver(event: Event, view: View, origin: BatchOrigin, propertyBytes: number): void;
  /** Sends all there is. @throws Error that says how many batches are still kept, and why. */
  flush(): Promise<void>;
  /** Stops: sends what is left, or forgets it, here and in the spool. */
  stop(forgets?: boolean): void;
}

/**
 * Creates the delivery of a site's events. Requests, answers and failures are emitted.
 *
 * @param name Where events are stored, if anything may be.
 */
export const createDelivery = (collector: Collector, name: string | false, emit: Emit): Delivery => {
  const spool = createSpool(name, (error) => emit("trouble", `${error}`));
  const buffer = createUnloadBuffer(name);
  const queue = createQueue(spool, emit);
  const sender = createSender(queue, spool, collector, emit);

  const leavePage = () => {
    buffer.add(queue.entries.map(({ batch }) => batch));
    // There may be no next page. If there is one it sends this too, and it is stored once.
    if (!sender.backoffTimer.isRunning())
      queue.entries.some(({ batch, request }) => !request && !collector.postLater(batch));
  };
  // The listeners of this moment have their say before the last batch is sent.
  const stopListening = onPageChange((change) =>
    queueMicrotask(() => {
      sender.sendNow();
      if (change === "leave") leavePage();
    }),
  );

  recoverUnsent(`${name}`, spool, buffer, (batches) => {
    const settled = queue.recover(batches);
    sender.sendNext();
    return settled;
  });
  return {
    deliver(event, view, origin, propertyBytes) {
      const isFull = queue.add(event, view, origin, propertyBytes);
      sender.startFlushTimer(isFull || (URGENT.test(event.type) && !queue.entries[1]));
    },
    flush: sender.flush,
    stop(forgets) {
      stopListening();
      if (forgets) for (const entry of queue.entries) queue.settle(entry);
      sender.sendNow();
      sender.backoffTimer.stop();
      if (forgets) spool.close();
    },
  };
};
