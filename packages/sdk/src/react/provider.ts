import { createElement, type ReactElement, type ReactNode, useInsertionEffect, useState } from "react";
import type { TrackerOptions } from "../options/tracker-options.ts";
import type { Tracker } from "../tracker/tracker.ts";
import { createMountedTracker } from "./mounted-tracker.ts";
import { TrackerContext } from "./use-tracker.ts";

/** Props of {@link TidemarkProvider}: options for a new tracker, or a tracker that the app creates and stops itself. */
export type TidemarkProviderProps = { children?: ReactNode } & (
  | { options: TrackerOptions; tracker?: undefined }
  | { tracker: Tracker; options?: undefined }
);

/**
 * Provides a tracker to the components below it. With `options` it creates a tracker when it is mounted, and stops it when it is
 * unmounted. Later options have no effect. A render alone creates nothing, on a server too.
 */
export const TidemarkProvider = ({ options, tracker, children }: TidemarkProviderProps): ReactElement => {
  const [{ tracker: mounted, mount }] = useState(createMountedTracker);
  // Insertion effects run before all other effects, so that a child's effect can track, and StrictMode does not run them twice.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the options of the first render have an effect
  useInsertionEffect(() => options && mount(options), [mount]);
  return createElement(TrackerContext.Provider, { value: tracker ?? mounted }, children);
};
