import type { EventOf, View } from "@tidemark/schema";

/** The properties of a custom event `search`, and the parameters of a URL, that can have the words of a search. */
const SEARCH_PROPERTIES = ["query", "search_term", "q"];
const SEARCH_PARAMETERS = ["q", "query", "search"];

/** The words of a custom event that declares a search; `undefined` for any other. */
export const searchOf = ({ name, properties = {} }: EventOf<"custom">): string | undefined => {
  if (name !== "search") return undefined;
  const given: unknown[] = SEARCH_PROPERTIES.map((each) => Object.hasOwn(properties, each) && properties[each]);
  return given.find((words) => typeof words === "string" && words !== "") as string | undefined;
};

/** The words of a search in the URL of a page view, if the site keeps the parameter. */
export const searchIn = ({ url }: View): string | undefined => {
  const parameters = url.includes("?") ? URL.parse(url)?.searchParams : undefined;
  return SEARCH_PARAMETERS.map((name) => parameters?.get(name)).find((words) => words) ?? undefined;
};
