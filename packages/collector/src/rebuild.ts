/*
 * The parts of the collector with which `tidemark rebuild` computes the entities of a site from its log.
 */

export { compileFeatures, type Definitions } from "./compile-features.ts";
export type { Delta, EntityKey, Push, RebuildPosition, RebuildStart, RebuildTarget, Sender } from "./entities/push.ts";
export { shardFor } from "./entities/shards.ts";
export { positionOf } from "./log/stream-records.ts";
export { type FoldedSessions, foldSessions } from "./session/fold-sessions.ts";
