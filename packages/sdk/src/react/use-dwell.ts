import { useEffect } from "react";
import { DWELL_ATTRIBUTE } from "../signals/element-dwell.ts";

/**
 * Measures how long an element is in view, by the signal `elementDwell()`, which must be one of the tracker's signals.
 *
 * The hook sets the attribute `data-tm-dwell` on the element while the calling component is mounted. It has the same effect as writing
 * the attribute, and serves elements that another component renders.
 *
 * @param ref A ref to the element. The hook reads it after each render of the calling component.
 */
export const useDwell = (ref: { readonly current: Element | null }): void =>
  // Runs after every render, because React does not report that a ref has changed.
  useEffect(() => {
    const element = ref.current;
    element?.setAttribute(DWELL_ATTRIBUTE, "");
    return () => element?.removeAttribute(DWELL_ATTRIBUTE);
  });
