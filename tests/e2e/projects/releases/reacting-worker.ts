import { createCollector } from "@tidemark/collector";
import config from "./tidemark.config.ts";

const atLeast = (right: number) => ({ op: "gte", left: { feature: "custom_event_count" }, right }) as const;
const base = { entity: "session", expiresMs: 86_400_000, holdout: 0 } as const;

const { EntityShard, handlers, LogWriter, Metrics, Partition, Session } = createCollector({
  ...config,
  log: undefined as never,
  reactions: [
    { ...base, name: "once", when: atLeast(2), once: true, to: ["page"] },
    { ...base, name: "called", when: atLeast(2), once: true, to: ["webhook"] },
    { ...base, name: "later", when: atLeast(4), once: true, to: ["page"] },
  ],
  // Nobody listens there.
  webhook: { url: "http://127.0.0.1:9/", secrets: ["HOOK_SECRET"] },
});

/** The current release, with reactions to the page and to a webhook. */
export { EntityShard, handlers as default, LogWriter, Metrics, Partition, Session };
