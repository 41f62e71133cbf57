import { call, read } from "./members.ts";

/** The document, and those of its frames of the same origin, at any depth. Frames in shadow roots are not found. */
export const documentsIn = (root: Document): Document[] => {
  const documents = [root];
  for (const frame of call(root, "getElementsByTagName", "iframe")) {
    const inner = read(frame as HTMLIFrameElement, "contentDocument");
    if (inner) documents.push(...documentsIn(inner));
  }
  return documents;
};
