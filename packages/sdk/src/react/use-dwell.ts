import { useEffect } from "react";
import { DWELL_ATTRIBUTE } from "../signals/element-dwell.ts";

/**
 * Measures how long an element is in sight, with the signal `elementDwell()`, which is to be among the tracker's. It marks the
 * element with `data-tm-dwell` while the component that calls it is mounted; so it is the same as writing that attribute,
 * for elements that somebody else renders.
 *
 * @param ref What holds the element, after each render of this component.
 */
export const useDwell = (ref: { readonly current: Element | null }): void =>
  // After every render: nothing tells of a ref that holds another element.
  useEffect(() => {
    const element = ref.current;
    element?.setAttribute(DWELL_ATTRIBUTE, "");
    return () => element?.removeAttribute(DWELL_ATTRIBUTE);
  });
