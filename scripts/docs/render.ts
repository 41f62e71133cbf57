import { eventsTable } from "./events-table.ts";
import { featuresTable } from "./features-table.ts";
import { fieldsTable } from "./fields-table.ts";
import { limitsTable } from "./limits-table.ts";
import { metricsTable } from "./metrics-table.ts";
import { optionsReference, optionsTable } from "./options.ts";
import { signalsTable } from "./signals-table.ts";
import { stubHash, stubScript } from "./stub.ts";

/** Generators of the docs' parts, by the first word of their marker. */
const GENERATORS: Record<string, (...words: string[]) => string> = {
  events: eventsTable,
  features: (entity = "") => featuresTable(entity),
  fields: (type = "") => fieldsTable(type),
  signals: signalsTable,
  metrics: () => metricsTable(),
  limits: (of = "") => limitsTable(of),
  stub: stubScript,
  policy: stubHash,
  options: (name = "") => (name ? optionsTable(name) : optionsReference()),
};

/**
 * Updates the generated parts of a page. A part is between `<!-- fields click -->` and `<!-- end -->`: the marker's
 * first word names the generator, and the others are its arguments.
 */
export const render = (page: string): string =>
  page.replace(/<!-- (\w+) ?([^>]*?) ?-->\n.*?<!-- end -->/gs, (whole, name: string, words: string) => {
    const generate = GENERATORS[name];
    if (!generate) throw new Error(`<!-- ${name} -->: expected one of ${Object.keys(GENERATORS).join(", ")}`);
    return `${whole.split("\n")[0]}\n\n${generate(...words.split(" ").filter(Boolean))}\n\n<!-- end -->`;
  });
