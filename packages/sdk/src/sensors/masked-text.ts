import { cut } from "../measures/bounds.ts";
import { Boolean, getComputedStyle, WeakMap } from "../platform.ts";
import { call, isElement, read } from "./members.ts";
import { closest } from "./shadow-dom.ts";

const MASK = "[data-tm-mask]";
const IGNORED = "[data-tm-ignore]";

/** Elements of which the visitor is the author. */
const FIELDS = "input,select,option,textarea,[contenteditable]";

/** Elements whose text is left out of the text around them. */
const OMITTED = `${FIELDS},${MASK},${IGNORED},[hidden],script,style,noscript,template`;

/** Most characters and nodes of an element's text that are read. */
const MAX_CHARACTERS = 4_000;
const MAX_NODES = 200;

/** A word at the limit that is shorter than this may be a part of an email address, and is left out. */
const MAX_EMAIL = 320;

const TEXT_NODE = 3;
const SHOW_ELEMENT = 1;

/**
 * Whether an element's own names are masked: `data-tm-mask` is on, around or in it, or `data-tm-ignore` is in it. An
 * element counts as masked if it contains more than {@link MAX_NODES} elements, because no more are visited.
 */
export const isMasked = (element: Element): boolean => {
  if (closest(element, MASK)) return true;
  const walker = call(document, "createTreeWalker", element, SHOW_ELEMENT);
  for (let nodes = 0; nodes <= MAX_NODES; nodes += 1) {
    const inner = walker.nextNode() as Element | null;
    if (!inner) return false;
    if (call(inner, "matches", `${MASK},${IGNORED}`)) break;
  }
  return true;
};

/** The words of an event's target, which several enrichments read. */
const wordsOf = /* @__PURE__ */ new WeakMap<Event, { element: Element; words: string[] }>();

const readWords = (element: Element): string[] => {
  let text = "";
  let nodes = 0;
  const isFull = () => text.length >= MAX_CHARACTERS || nodes >= MAX_NODES;

  const addTextOf = (parent: Element) => {
    let node = read(parent, "firstChild");
    // An element without content needs no style.
    if (!node) return;
    const { display, visibility } = getComputedStyle(parent);
    if (display === "none") return;
    for (; node && !isFull(); node = read(node as Node, "nextSibling")) {
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
 * The visible words in the target of an event, without those of fields, editable content, and masked and ignored
 * elements. At most {@link MAX_CHARACTERS} characters and {@link MAX_NODES} nodes are read, once for each event.
 */
export const visibleWords = (event: Event, element: Element): string[] => {
  let known = wordsOf.get(event);
  // A page can dispatch an event again, at another element.
  if (known?.element !== element) {
    known = { element, words: readWords(element) };
    wordsOf.set(event, known);
  }
  return known.words;
};

/**
 * The visible text of an event's target with email addresses as `***` and digits as `#`, at most 100 characters. It is `***` for a
 * masked element, and empty for a form field or editable content. The text of fields, of editable content, and of masked and
 * ignored elements within the element is left out.
 */
export const maskedText = (event: Event, element: Element): string => {
  if (closest(element, MASK)) return "***";
  if (closest(element, FIELDS)) return "";
  const words = visibleWords(event, element).map((word) => (/.@./.test(word) ? "***" : word));
  return cut(words.join(" "), 100).replace(/\d/g, "#");
};
