import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  batch,
  capturedBy,
  type EventType,
  errorCodes,
  event,
  eventTypes,
  rejectionCodes,
  sessionFeatures,
} from "@tidemark/schema";
import { MAX_BODY_BYTES } from "@tidemark/schema/limits";
import { SIGNAL_NAMES } from "@tidemark/schema/signals";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../packages/cli/test/temporary-folder.ts";
import { families } from "../packages/collector/src/metrics/families.ts";
import { aggregateTypes } from "../packages/engine/src/aggregates/index.ts";
import { NAMES } from "../packages/sdk/src/script-tag/parts.ts";
import { readSettings } from "../packages/sdk/src/script-tag/settings.ts";
import { bundleStub, integrityOf } from "../scripts/bundle/script-tag.ts";
import { sdkSignals } from "../scripts/bundle/sdk-signals.ts";
import { isMeasured } from "../scripts/docs/metrics-table.ts";
import { render } from "../scripts/docs/render.ts";
import { skippedScenarios } from "../scripts/docs/skipped-scenarios.ts";
import { filesIn } from "./e2e/code-in-docs.ts";
import { scenarios } from "./scenarios/scenarios.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const readme = read("README.md");
const http = read("docs/http.md");

/** Source text of the interfaces of the tracker and its options. */
const trackerSource = read("packages/sdk/src/tracker/tracker.ts") + read("packages/sdk/src/options/tracker-options.ts");

/** Whether a reaction has a method of this name. */
const isOfReaction = (name: string) => read("packages/sdk/src/events/reaction.ts").includes(`\n  ${name}(`);

/** Whether the tracker has a method, or its options have a field, of this name. */
const isMember = (name: string) => new RegExp(`^  (readonly )?${name}\\??[:(<]`, "m").test(trackerSource);

/** The cells of the Markdown tables whose first column has this heading. */
const rowsOf = (text: string, heading: string) => {
  const tables = text.split("\n\n").filter((block) => block.startsWith(`| ${heading} `));
  const [, , ...rows] = tables.join("\n").trim().split("\n");
  return rows.map((row) => row.split("|").map((cell) => cell.trim().replaceAll("`", "")));
};

describe("README.md", () => {
  it("shows features of the session's vector in their order", () => {
    const [, block = ""] = readme.split("<!-- vector -->\n```text\n");
    const names = (block.split("```")[0] ?? "")
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/)[0]);
    expect(names.length).toBeGreaterThan(15);
    expect(names).toEqual(sessionFeatures.map(({ name }) => name as string).filter((name) => names.includes(name)));
  });

  it("names only commands and files that exist", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const commands = [...readme.matchAll(/pnpm@12\.21\.0 (?:run )?(\w+)/g)].map(([, name = ""]) => name);
    expect(commands.length).toBeGreaterThan(5);
    expect(commands.filter((name) => name !== "exec" && !scripts[name])).toEqual([]);
    for (const [, path = ""] of readme.matchAll(/\]\(([^)]+)\)/g)) expect(read(path)).not.toBe("");
  });
});

describe("docs/http.md", () => {
  it("lists every rejection code with its meaning", () => {
    expect(rowsOf(http, "rejection code").map(([, code, meaning]) => [code, meaning])).toEqual(
      Object.entries(rejectionCodes),
    );
  });

  it("lists every error with its status and meaning", () => {
    expect(rowsOf(http, "status").map(([, status, code, meaning]) => [code, Number(status), meaning])).toEqual(
      Object.entries(errorCodes).map(([code, { status, meaning }]) => [code, status, meaning]),
    );
  });

  it("shows a valid batch and its size limit", () => {
    const [, block = ""] = http.split("```json\n");
    const example = batch.parse(JSON.parse(block.split("```")[0] ?? ""));
    expect(example.events.map((each) => event.safeParse(each).success)).toEqual([true]);
    expect(http).toContain(`at most ${MAX_BODY_BYTES / 1024} KiB`);
  });
});

describe("docs/metrics.md", () => {
  it("has the table of all families, and every other family that a page names is in it", () => {
    const page = read("docs/metrics.md");
    expect(page).toContain("<!-- metrics -->");
    const named = globSync("docs/*.md").flatMap((path) => read(path).match(/\btidemark_[a-z_]+\b/g) ?? []);
    const samples = named.map((name) => name.replace(/_(bucket|sum|count)$/, ""));
    const isMetric = (name: string) => /_(total|seconds|info|l[ao]g_records|missing|paused|sessions|value)$/.test(name);
    expect(samples.filter((name) => isMetric(name) && !(name in families))).toEqual([]);
  });

  it("says of each family whether a part of the collector measures it", () => {
    const rows = rowsOf(read("docs/metrics.md"), "metric");
    expect(rows.map(([, name = "", , , , meaning = ""]) => [name, meaning.endsWith("Not measured yet.")])).toEqual(
      Object.keys(families).map((name) => [name, !isMeasured(name)]),
    );
    expect(isMeasured("tidemark_events_late_total")).toBe(true);
    expect(isMeasured("tidemark_none_total")).toBe(false);
  });
});

describe("the event types", () => {
  it.each(Object.keys(eventTypes) as EventType[])(
    "%s names the signals and calls of the SDK that capture it",
    (type) => {
      const isKnown = (call: string) => {
        const [, owner, name = ""] = /^(reaction\.)?(\w+)\(\)$/.exec(call) ?? [];
        return owner ? isOfReaction(name) : sdkSignals.some((signal) => signal.name === name) || isMember(name);
      };
      const names = capturedBy(type);
      expect(names).not.toEqual([]);
      expect(names.filter((name) => !isKnown(name))).toEqual([]);
    },
  );
});

describe("the signals that a page view states", () => {
  it("are the names that a script tag accepts", () => {
    expect([...SIGNAL_NAMES].toSorted()).toEqual(NAMES.toSorted());
  });
});

describe("docs/features.md", () => {
  it("explains every aggregate", () => {
    const explained = rowsOf(read("docs/features.md"), "aggregate").map(([, types = ""]) => types.split(/\W+/));
    expect(aggregateTypes.filter((type) => !explained.flat().includes(type))).toEqual([]);
  });
});

describe("docs/delivery.md", () => {
  it("lists only existing scenarios as skipped", () => {
    const names = scenarios.map(({ name }) => name);
    expect(skippedScenarios.filter(({ untested }) => !names.includes(untested))).toEqual([]);
  });
});

describe("docs/privacy.md", () => {
  it("lists every event type once, as collected by default or on request", () => {
    const lists = [...read("docs/privacy.md").matchAll(/<!-- events ([\w ]+) -->/g)].map(([, types = ""]) => types);
    expect(lists.join(" ").split(" ").toSorted()).toEqual(Object.keys(eventTypes).toSorted());
  });

  it("lists every field of the stored session once", () => {
    const source = read("packages/collector/src/session/row.ts");
    const [, session = ""] = /^export interface StoredSession \{\n(.*?)^\}$/ms.exec(source) ?? [];
    const fields = [...session.matchAll(/^ {2}(\w+)\??: /gm)].map(([, name = ""]) => name);
    expect(fields.length).toBeGreaterThan(20);
    const listed = rowsOf(read("docs/privacy.md"), "field of `state`").flatMap(([, names = ""]) => names.split(", "));
    expect(listed.toSorted()).toEqual(fields.toSorted());
  });
});

describe("docs/migrate.md", () => {
  it("names only existing methods, options and exports of the SDK", () => {
    const rows = ["call", "enhanced measurement"].flatMap((head) => rowsOf(read("docs/migrate.md"), head));
    const replacements = rows.map(([, , replacement = ""]) => replacement).join("\n");
    const named = (pattern: RegExp) => [...new Set([...replacements.matchAll(pattern)].map(([, name = ""]) => name))];
    const methods = named(/\btracker\.(\w+)/g);
    const options = [
      ...named(/createTracker\(\{ ([^}]*) \}\)/g)
        .join()
        .matchAll(/\w+(?=[,:]|$)/g),
    ].map(([name]) => name);
    options.push(...named(/(?:^|; )(\w+): (?:true|"|\[)/gm));
    expect([methods.length > 5, options.length > 3]).toEqual([true, true]);
    expect([...methods, ...options].filter((name) => !isMember(name))).toEqual([]);

    const index = read("packages/sdk/src/index.ts");
    const functions = named(/(?<![.\w])([a-z]\w+)\(/g);
    expect(functions.length).toBeGreaterThan(8);
    expect(functions.filter((name) => !new RegExp(`\\b${name}\\b`).test(index))).toEqual([]);
  });
});

describe("docs/options.md", () => {
  it("states the default of every optional option", () => {
    const options = [...read("docs/options.md").matchAll(/^\| `(\w+)`( \(required\))? \| (.+)$/gm)];
    expect(options.length).toBeGreaterThan(10);
    const withoutDefault = options.filter(([, , required, rest = ""]) => !required && !rest.includes("Default"));
    expect(withoutDefault.map(([, name]) => name)).toEqual([]);
  });
});

describe("docs/script-tag.md", () => {
  const page = read("docs/script-tag.md");
  /** The names that the script tag lists in its warning about an unknown name. */
  const known = (config: object): string[] => {
    const {
      problems: [problem = ""],
    } = readSettings({ key: "tm_shop_00000000" }, config, "https://collector.example");
    return (/Use one of (.*)/.exec(problem)?.[1] ?? "").split(", ");
  };

  it("lists every attribute and every signal", () => {
    const attributes = rowsOf(page, "attribute").map(([, name = ""]) => name.replace("data-", ""));
    const camelCase = attributes.map((name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase()));
    const configOnly = ["options", "beforeSend"];
    for (const name of configOnly) expect(page).toContain(`- \`${name}\`: `);
    expect(camelCase.toSorted()).toEqual(
      [...known({ nothing: 1 }), "name"].filter((name) => !configOnly.includes(name)).toSorted(),
    );
    expect(rowsOf(page, "name").map(([, name]) => name)).toEqual(expect.arrayContaining([...NAMES]));
  });

  it("lists every option of each signal", () => {
    const signals = known({ options: { nothing: {} } });
    expect(signals.length).toBeGreaterThan(4);
    for (const signal of signals)
      expect(page).toContain(`\`${signal}: { ${known({ options: { [signal]: { nothing: 1 } } }).join(", ")} }\``);
  });
});

describe("the example pages", () => {
  it.each(globSync("examples/script-tag/*.html"))(
    "%s has the current stub and its hash in its policy",
    async (path) => {
      const stub = await bundleStub();
      const html = read(path);
      expect(html).toContain(`<script>${stub}</script>`);
      expect(html).toContain(`script-src '${integrityOf(stub, "sha256")}'`);
    },
  );
});

describe("the generated tables", () => {
  it.each(globSync("docs/*.md"))("are up to date in %s (`pnpm run docs` updates them)", (path) => {
    expect(render(read(path))).toBe(read(path));
  });

  it("describe every event type of a signal in docs/signals.md", () => {
    const signals = read("docs/signals.md");
    const described = [...signals.matchAll(/<!-- fields (\w+) -->/g)].map(([, type]) => type);
    const elsewhere = /^(custom|identify|reaction_\w+|video_(pause|progress|complete))$/;
    expect(described.toSorted()).toEqual(
      [...Object.keys(eventTypes).filter((type) => !elsewhere.test(type)), "view"].toSorted(),
    );
  });
});

describe("the complete files in the pages", () => {
  it("pass the format and lint of this repository, into which a reader may copy them", () => {
    const code = globSync("docs/*.md").flatMap((page) =>
      filesIn(read(page)).flatMap((file, at) =>
        file.path.endsWith(".ts")
          ? [[`${at}-${basename(page, ".md")}-${basename(file.path)}`, file.code] as const]
          : [],
      ),
    );
    expect(code.length).toBeGreaterThan(10);
    const root = fileURLToPath(new URL("..", import.meta.url));
    const settings = { extends: [join(root, "biome.json")], vcs: { enabled: false } };
    const folder = temporaryFolder({ ...Object.fromEntries(code), "biome.json": JSON.stringify(settings) });
    const { status, stderr } = spawnSync(
      join(root, "node_modules/.bin/biome"),
      ["ci", "--error-on-warnings", "--colors=off", ...code.map(([name]) => name)],
      { cwd: folder, encoding: "utf8" },
    );
    expect(status === 0 ? "" : stderr).toBe("");
  });
});
