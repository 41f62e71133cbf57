import { featuresOf } from "@tidemark/schema/derivation";
import config from "../../../tidemark.config.ts";
import { createApp } from "./app.ts";
import { definitionVersionOf } from "./definition-version.ts";
import { createEngine } from "./engine/engine.ts";

export { Metrics } from "./metrics/metrics.ts";

import { SessionObject } from "./session/session.ts";

const definitionVersion = definitionVersionOf(config.features);
const engine = createEngine(featuresOf(config.features, "session"));

/** The deployment's sessions, folding the features of its configuration. */
export class Session extends SessionObject {
  protected readonly engine = engine;
  protected readonly definitionVersion = definitionVersion;
}

export default createApp(config, definitionVersion);
