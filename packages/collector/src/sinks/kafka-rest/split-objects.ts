/** Reads JSON objects that follow each other in a text, with white space or nothing in between. Ends at the first part that is none. */
export const splitObjects = (text: string): object[] => {
  const objects: object[] = [];
  let depth = 0;
  let start = 0;
  // A text, with its escapes; or a bracket.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === "{" && depth++ === 0) {
      if (text.slice(start, index).trim() !== "") break;
      start = index;
    }
    if (token !== "}" || --depth > 0) continue;
    try {
      objects.push(JSON.parse(text.slice(start, index + 1)));
    } catch {
      break;
    }
    start = index + 1;
  }
  return objects;
};
