import { globSync } from "node:fs";
import { matchesGlob } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { projects, type TestProject } from "../vitest.projects.ts";

const files = globSync("{bench,examples,packages,scripts,tests}/**/*.test.{ts,tsx}", {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  exclude: ["**/node_modules/**", "**/dist/**"],
});

const matches = (file: string, globs: readonly string[] = []) => globs.some((glob) => matchesGlob(file, glob));

const projectsOf = (file: string) =>
  Object.entries<TestProject>(projects)
    .filter(([, { include, exclude }]) => matches(file, include) && !matches(file, exclude))
    .map(([name]) => name);

describe("the test projects", () => {
  it("contain each test file exactly once", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => projectsOf(file).length !== 1)).toEqual([]);
  });

  it("name files of their own as those that start first", () => {
    for (const [name, { startFirst = [] }] of Object.entries<TestProject>(projects))
      for (const file of startFirst) {
        expect(files).toContain(file);
        expect(projectsOf(file)).toEqual([name]);
      }
  });

  it("all contain test files", () => {
    expect(new Set(files.flatMap(projectsOf))).toEqual(new Set(Object.keys(projects)));
  });
});
