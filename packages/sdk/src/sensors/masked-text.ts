import { cut } from "../measures/bounds.ts";
import { Boolean, getComputedStyle } from "../platform.ts";
import { call, isElement, read } from "./members.ts";
import { closest } from "./shadow-dom.ts";

const MASK = "[data-tm-mask]";

/** Elements of which the visitor is the author. */
const FIELDS = "input,select,option,textarea,[contenteditable]";

/** Elements whose text is left out of the text around them. */
const OMITTED = `${FIELDS},${MASK},[data-tm-ignore],[hidden],script,style,noscript,template`;

/** Most characters and nodes of an element's text that are read. */
const MAX_CHARACTERS = 4_000;
const MAX_NODES = 200;

/** A word at the limit that is shorter than this may be a part of an email address, and is left out. */
const MAX_EMAIL = 320;

const TEXT_NODE = 3;

/** Whether an element's text is masked: `data-tm-mask` is on, around or in it, or `data-tm-ignore` is in it. */
export const isMasked = (element: Element): boolean =>
  !!(closest(element, MASK) ?? call(element, "querySelector", `${MASK},[data-tm-ignore]`));

/**
 * The visible words in an element, without those of fields, editable content, and masked and ignored elements. It reads
 * at most {@link MAX_CHARACTERS} characters and {@link MAX_NODES} nodes.
 */
export const visibleWords = (element: Element): string[] => {
  let text = "";
  let nodes = 0;
  const isFull = () => text.length >= MAX_CHARACTERS || nodes >= MAX_NODES;

  const addTextOf = (parent: Element) => {
    const { display, visibility } = getComputedStyle(parent);
    if (display === "none") return;
    for (let node = read(parent, "firstChild"); node && !isFull(); node = read(node as Node, "nextSibling")) {
      nodes += 1;
      if (isElement(node)) {
        if (!call(node, "matches", OMITTED)) addTextOf(node);
      } else if (visibility === "visible" && node.nodeType === TEXT_NODE)
        text += (node as Text).substringData(0, MAX_CHARACTERS - text.length);
    }
  };
  addTextOf(element);

  const words = text.split(/\s+/);
  if (isFull() && (words.at(-1) as string).length < MAX_EMAIL) words.pop();
  return words.filter(Boolean);
};

/**
 * An element's visible text with email addresses as `***` and digits as `#`, at most 100 characters. It is `***` for a
 * masked element, and empty for a form field or editable content. The text of fields, of editable content, and of masked and
 * ignored elements within the element is left out.
 */
export const maskedText = (element: Element): string => {
  if (closest(element, MASK)) return "***";
  if (closest(element, FIELDS)) return "";
  const words = visibleWords(element).map((word) => (/.@./.test(word) ? "***" : word));
  return cut(words.join(" "), 100).replace(/\d/g, "#");
};
