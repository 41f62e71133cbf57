export type { LocalCollector } from "./local-collector.ts";
export { type LocalStack, type LocalStackOptions, startLocalStack } from "./local-stack.ts";
export { linkRows, networkNotice, portNotice, stateNotice } from "./notices.ts";
export { STATE } from "./running-collector.ts";
export { serveUntilInterrupted } from "./serve-until-interrupted.ts";
export { type Site, type SiteOptions, serveSite } from "./site-server.ts";
export { untilInterrupted } from "./until-interrupted.ts";
