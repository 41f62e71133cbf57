import { eventsTable } from "./events-table.ts";
import { featuresTable } from "./features-table.ts";
import { fieldsTable } from "./fields-table.ts";
import { limitsTable } from "./limits-table.ts";
import { optionsReference, optionsTable } from "./options.ts";
import { stubHash, stubScript } from "./stub.ts";

/** The generated parts of the docs, by the name in their marker. */
const PARTS: Record<string, (...words: string[]) => string> = {
  events: eventsTable,
  features: (entity = "") => featuresTable(entity),
  fields: (type = "") => fieldsTable(type),
  limits: (of = "") => limitsTable(of),
  stub: stubScript,
  policy: stubHash,
  options: (name = "") => (name ? optionsTable(name) : optionsReference()),
};

/**
 * A page of the docs with its generated parts brought up to date. Such a part stands between `<!-- fields click -->` and
 * `<!-- end -->`: the words name the part and what it is about.
 */
export const render = (page: string): string =>
  page.replace(/<!-- (\w+) ?([^>]*?) ?-->\n.*?<!-- end -->/gs, (whole, part: string, words: string) => {
    const write = PARTS[part];
    if (!write) throw new Error(`<!-- ${part} -->: expected one of ${Object.keys(PARTS).join(", ")}`);
    return `${whole.split("\n")[0]}\n\n${write(...words.split(" ").filter(Boolean))}\n\n<!-- end -->`;
  });
