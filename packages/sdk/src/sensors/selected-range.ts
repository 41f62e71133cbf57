import { getSelection, Reflect } from "../platform.ts";
import { call } from "./members.ts";

/** The ends of the selection, also in shadow roots, where the browser finds them. */
const composedRange = (selection: Selection, shadowRoots: ShadowRoot[]): StaticRange | undefined => {
  try {
    return selection.getComposedRanges?.({ shadowRoots })[0];
  } catch {
    // Early versions of WebKit accept the roots themselves.
    const find = selection.getComposedRanges as unknown as (...roots: ShadowRoot[]) => StaticRange[];
    return Reflect.apply(find, selection, shadowRoots)[0];
  }
};

/**
 * The selected range, if there is one.
 *
 * @param roots Open shadow roots that may contain it. A browser hides their selection otherwise.
 */
export const selectedRange = (roots: ShadowRoot[]): Range | undefined => {
  const selection = getSelection();
  const ends = selection && roots[0] && composedRange(selection, roots);
  if (ends) {
    const range = call(document, "createRange");
    range.setStart(ends.startContainer, ends.startOffset);
    range.setEnd(ends.endContainer, ends.endOffset);
    // A range with its ends in different roots is empty.
    if (!range.collapsed) return range;
  }
  return selection?.rangeCount ? selection.getRangeAt(0) : undefined;
};
