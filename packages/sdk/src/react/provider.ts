import { createElement, type ReactElement, type ReactNode, useInsertionEffect, useState } from "react";
import type { TrackerOptions } from "../options/tracker-options.ts";
import type { Tracker } from "../tracker/tracker.ts";
import { createMountedTracker } from "./mounted-tracker.ts";
import { TrackerContext } from "./use-tracker.ts";

/** Props of {@link TidemarkProvider}: options of a tracker of its own, or a tracker that somebody else made and stops. */
export type TidemarkProviderProps = { children?: ReactNode } & (
  | { options: TrackerOptions; tracker?: undefined }
  | { tracker: Tracker; options?: undefined }
);

/**
 * Gives the components below it a tracker. Of `options` it creates one when it is first mounted and stops it when it is
 * unmounted; later options have no effect. Rendering alone, on a server too, creates nothing.
 */
export const TidemarkProvider = ({ options, tracker, children }: TidemarkProviderProps): ReactElement => {
  const [{ tracker: own, mount }] = useState(createMountedTracker);
  // Of all effects this kind is the first, so that a child's can track already, and one that StrictMode does not run twice.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the options of the first render count
  useInsertionEffect(() => options && mount(options), [mount]);
  return createElement(TrackerContext.Provider, { value: tracker ?? own }, children);
};
