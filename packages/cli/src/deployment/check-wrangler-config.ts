import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { Deployment } from "./deployment.ts";
import { readWranglerConfig } from "./wrangler.ts";

/** The Durable Object classes of the collector, by the bindings under which it looks for them. */
const DURABLE_OBJECTS = { SESSION: "Session", ROLLUP: "Rollup", METRICS: "Metrics" };

/** The file by which a folder of the script tag's assets is recognised. */
const SCRIPT_TAG = "tidemark.js";

/** The problems of a deployment's wrangler configuration, each as one sentence that names the field and what is expected. */
export const wranglerConfigProblems = async ({ folder, wranglerConfig }: Deployment): Promise<string[]> => {
  const { main, durable_objects, migrations, assets, build } = await readWranglerConfig(folder, wranglerConfig);
  const problems: string[] = [];
  const expect = (holds: boolean, field: string, expected: string, given: string) => {
    if (!holds) problems.push(`${basename(wranglerConfig)}: ${field}: expected ${expected}; given ${given}`);
  };

  expect(
    main !== undefined && existsSync(main),
    "main",
    "the path of the worker",
    main ? `${relative(folder, main)}, which does not exist` : "nothing",
  );

  const withStorage = new Set(
    migrations.flatMap(({ new_sqlite_classes = [], renamed_classes = [] }) => [
      ...new_sqlite_classes,
      ...renamed_classes.map(({ to }) => to),
    ]),
  );
  for (const [binding, className] of Object.entries(DURABLE_OBJECTS)) {
    const given = durable_objects.bindings.find(({ name }) => name === binding)?.class_name;
    expect(
      given === className,
      "durable_objects.bindings",
      `name = "${binding}" with class_name = "${className}"`,
      given ? `class_name = "${given}"` : "nothing",
    );
    expect(withStorage.has(className), "migrations", `"${className}" in new_sqlite_classes of a migration`, "nothing");
  }

  const directory = assets?.directory;
  // A build command makes the folder before each start and each deployment.
  const isThere =
    directory !== undefined &&
    (Boolean(build.command) || existsSync(join(dirname(wranglerConfig), directory, SCRIPT_TAG)));
  expect(
    isThere,
    "assets.directory",
    `a folder with ${SCRIPT_TAG}, such as node_modules/@tidemark/collector/dist/assets`,
    directory ? `${directory}, which has no ${SCRIPT_TAG}` : "nothing",
  );
  return problems;
};
