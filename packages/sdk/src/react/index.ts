"use client";

export type { LiveFeatures } from "./live-features.ts";
export { TidemarkProvider, type TidemarkProviderProps } from "./provider.ts";
export { useDwell } from "./use-dwell.ts";
export { useFeatures } from "./use-features.ts";
export { useReaction } from "./use-reaction.ts";
export { useTrack } from "./use-track.ts";
export { useTracker } from "./use-tracker.ts";
