import { createCollector } from "@tidemark/collector";
import config from "./tidemark.config.ts";

const { log: _, ...unlogged } = config;

const atLeast = (right: number) => ({ op: "gte", left: { feature: "custom_event_count" }, right }) as const;
const base = { entity: "session", expiresMs: 86_400_000, holdout: 0 } as const;

const { EntityShard, handlers, LogWriter, Metrics, Partition, Session } = createCollector({
  ...unlogged,
  reactions: [
    { ...base, name: "once", when: atLeast(2), once: true, to: ["page"] },
    { ...base, name: "later", when: atLeast(4), once: true, to: ["page"] },
  ],
});

/** The current release, with reactions to the page and without a log. */
export { EntityShard, handlers as default, LogWriter, Metrics, Partition, Session };
