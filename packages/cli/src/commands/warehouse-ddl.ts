import { defineCommand } from "../command-line/command.ts";
import { UsageError } from "../command-line/command-error.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { logFlags, siteFor } from "../log/log-flags.ts";
import { warehouses, warehouseTables } from "../warehouse/index.ts";

const names = Object.keys(warehouses);

/** `tidemark warehouse ddl`. */
export const warehouseDdl = defineCommand({
  name: "tidemark warehouse ddl",
  summary: "Prints the SQL that creates and loads the tables of a site's log in a warehouse.",
  flags: {
    site: logFlags.site,
    location: {
      value: "<address>",
      description:
        "Address of the log's folder log/v1, as the warehouse reads it; a folder of this machine for DuckDB and ClickHouse. It has no default.",
    },
  },
  positionals: { placeholder: "<warehouse>", description: `One of ${names.join(", ")}.` },
  examples: [
    [
      `tidemark warehouse ddl snowflake --location ${warehouses.snowflake?.location}`,
      "Prints the statements for a log in R2.",
    ],
    ["tidemark warehouse ddl duckdb --location ./log/v1 | duckdb log.db", "Loads a copy of the log into a database."],
  ],
  async run({ site: siteId, location }, [name, ...others]) {
    const warehouse = name !== undefined && names.includes(name) ? warehouses[name] : undefined;
    if (!warehouse || others.length > 0)
      throw new UsageError(
        `tidemark warehouse ddl expects one of ${names.join(", ")}; given ${[name, ...others].filter(Boolean).join(" ") || "none"}.`,
      );
    if (location === undefined)
      throw new UsageError(`tidemark warehouse ddl ${name} needs --location <address>, such as ${warehouse.location}.`);
    const { id, features, featureSets } = siteFor(await openDeployment(), siteId);
    const tables = warehouseTables(features, featureSets);
    const options = { site: id, location: location.replace(/\/+$/, ""), tables };
    console.log(
      warehouse
        .statements(options)
        .map((statement) => `${statement};\n`)
        .join("\n"),
    );
    return 0;
  },
});
