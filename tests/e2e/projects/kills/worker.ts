import { createCollector } from "@tidemark/collector";
import config from "./tidemark.config.ts";

const {
  Egress,
  EntityShard,
  handlers,
  LogWriter,
  Metrics,
  Partition: Deployed,
  Schedule,
  Session,
} = createCollector(config);

/** Number of calls after which this partition is split: a local runtime serves fewer a second than a deployed one. */
const CALLS = 300;

class Partition extends Deployed {
  #calls = 0;

  protected override isHot(): boolean {
    this.#calls += 1;
    return this.#calls % CALLS === 0;
  }
}

export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
