import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSampleSession } from "../../packages/cli/src/smoke-test/sample-session.ts";
import config from "../../tidemark.config.ts";
import { type CheckoutCopy, copyCheckout } from "../e2e/checkout-copy.ts";
import { type StartedProgram, start } from "../e2e/start.ts";
import { pythonPackages } from "../interop/install.ts";

/**
 * @shows the client for Python reads vectors, predictions, contexts, online features and lists of entities from the demo, and makes a training set
 * @needs Python 3.10 or later with pip; installs mypy 2.4.1, pandas and pyarrow (200 MB) once
 */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "packages/cli/src/main.ts");
const CLIENT = join(ROOT, "clients/python");
const README = readFileSync(join(CLIENT, "README.md"), "utf8");

let copy: CheckoutCopy;
let demo: StartedProgram;
let folder: string;
let packages: string;
let mypy: string;
beforeAll(async () => {
  packages = await pythonPackages("pandas==3.1.1", "pyarrow==26.0.1");
  mypy = await pythonPackages("mypy==2.4.1");
  folder = mkdtempSync(join(tmpdir(), "tidemark-python-"));
  // A demo of this checkout may run during the test.
  copy = await copyCheckout();
  demo = await start(["scripts/demo.ts"], copy.folder);
});
afterAll(async () => {
  await demo?.stop();
  await copy?.remove();
  if (folder) rmSync(folder, { recursive: true });
});

const [site] = config.sites;
const sample = createSampleSession(site as NonNullable<typeof site>);
const { session, user, page } = sample.ids;

const collectorUrl = () => /Collector +(http:\/\/localhost:\d+)/.exec(demo.output)?.[1] ?? "";
const keys = () => [...demo.output.matchAll(/Bearer (\w+)/g)].map(([, key]) => key ?? "");

const python = (args: string[], path: string[] = []): string =>
  execFileSync("python3", ["-B", ...args], {
    ...{ cwd: copy.folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
    env: {
      ...process.env,
      PYTHONPATH: [CLIENT, ...path].join(":"),
      TIDEMARK_URL: collectorUrl(),
      TIDEMARK_READ_KEY: keys()[0],
      TIDEMARK_ADMIN_KEY: keys()[1],
    },
  });

/** The programs in the client's README, by the name in their first line. */
const programs = Object.fromEntries(
  [...README.matchAll(/```python\n# (\S+)\n(.*?)```/gs)].map(([, name = "", code = ""]) => [name, code]),
);

const programAt = (name: string): string => {
  const path = join(folder, name);
  writeFileSync(path, programs[name] as string);
  return path;
};

const send = async () => {
  const response = await fetch(`${collectorUrl()}/v1/events`, { method: "POST", body: JSON.stringify(sample.batch) });
  expect(await response.json()).toMatchObject({ accepted: sample.batch.events.length });
  // Users and pages have the events within a second.
  const headers = { authorization: `Bearer ${keys()[0]}` };
  const isThere = async (entity: string, id: string) =>
    (await fetch(`${collectorUrl()}/v1/features/${entity}/${encodeURIComponent(id)}`, { headers })).ok;
  while (!((await isThere("user", user)) && (await isThere("page", page)))) await sleep(100);
};

describe("the client for Python", { timeout: 120_000 }, () => {
  it("passes its own tests, and a strict check of types", () => {
    console.log(python(["--version"]).trim());
    python(["-m", "unittest", "discover", join(CLIENT, "tests")]);
    const checked = [join(CLIENT, "tidemark"), join(CLIENT, "tests"), join(ROOT, "tests/python/read.py")];
    const flags = [
      "--strict",
      "--ignore-missing-imports",
      "--python-version",
      "3.10",
      "--cache-dir",
      join(folder, "mypy"),
    ];
    console.log(python(["-m", "mypy", ...flags, ...checked], [mypy]).trim());
  });

  it("reads from the demo", async () => {
    await send();
    const program = fileURLToPath(new URL("read.py", import.meta.url));
    const read = JSON.parse(python([program, session, user, page]));
    console.log(`${read.ms_a_read.toFixed(1)} ms a read`);
    const counts = { event_count: 3, click_count: 1, custom_event_count: 1 };
    const prediction = { model: "purchase", version: 1, entity: "session", id: session, fallback: null };
    const own = { name: "purchase_intent", version: 1, hash: expect.any(String) };
    expect(read).toMatchObject({
      session: { entity: "session", id: session, features: counts, delivery: { received: 3 } },
      user: { entity: "user", id: user, features: { user_session_count: 1 } },
      page: { entity: "page", id: page, features: { page_views: 1, page_clicks: 1 } },
      set: { set: own, features: { click_count: 1 } },
      online: [
        { session_id: session, event_count: 3, click_count: 1 },
        { session_id: "demo.unknown-session", event_count: null, click_count: null },
      ],
      statuses: { event_count: ["PRESENT", "NOT_FOUND"] },
      of_set: { session_id: [session], click_count: [1] },
      many: {
        vectors: [{ id: session, set: own }, { id: user }, { id: page }],
        missing: [{ entity: "user", id: "unknown", code: "not_found" }],
      },
      later: [],
      past: { as_of: read.past_time, set: own, features: read.set.features, late: 0 },
      prediction: { ...prediction, value: expect.any(Number), event_time: expect.any(Number), set: own },
      predictions: {
        predictions: [prediction],
        missing: [{ entity: "session", id: "demo.unknown-session", code: "not_found" }],
      },
      errors: [
        "NotFoundError not_found",
        "NotFoundError not_found",
        "ForbiddenError foreign_session",
        "UnauthorizedError unauthorized",
      ],
    });
    const [first, ...steps] = read.context.steps;
    expect(read.context).toMatchObject({ id: session, set: own, features: { click_count: 1 }, closed_at: null });
    expect([first, ...steps]).toMatchObject([
      { step: "view", path: page },
      { step: "custom", name: "tidemark_test" },
    ]);
    expect(read.context_text).toContain(`viewed ${JSON.stringify(page)}`);
    expect(read.pages).toContain(page);
    const names = config.featureSets?.[0]?.features;
    expect(Object.keys(read.set.features)).toEqual(names);
    expect(Object.keys(read.user.features)).toEqual(["user_session_count"]);
  });

  it("runs the first program of its README", () => {
    expect(python([programAt("read.py")])).toContain(`${page} `);
  });

  it("runs the second program of its README, which makes a training set", () => {
    const visits = join(folder, "visits");
    execFileSync(process.execPath, [MAIN, "generate-visits", "--sessions", "2000", "--out", visits], { cwd: ROOT });
    const path = programAt("train.py");
    const code = readFileSync(path, "utf8");
    writeFileSync(path, code.replaceAll('"visits', `"${visits}`).replace('"training', `"${folder}/training`));
    const output = execFileSync("python3", ["-B", path], {
      ...{ cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
      env: { ...process.env, PYTHONPATH: [CLIENT, packages].join(":") },
    });
    expect(output).toContain("'name': 'purchase_intent', 'version': 1");
    expect(output).toMatch(/^False +\d/m);
  });
});
