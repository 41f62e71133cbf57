import config from "../../../tidemark.config.ts";
import { createApp } from "./app.ts";
import { compileDefinitions } from "./definitions.ts";
import { RollupObject } from "./rollup/rollup.ts";
import { SessionObject } from "./session/session.ts";

export { Metrics } from "./metrics/metrics.ts";

const definitions = compileDefinitions(config.features);

/** The deployment's sessions, folding the features of its configuration. */
export class Session extends SessionObject {
  protected readonly definitions = definitions;
}

/** Its users, pages and entities of its own, gathered from sessions. */
export class Rollup extends RollupObject {
  protected readonly definitions = definitions;
}

export default createApp(config, definitions);
