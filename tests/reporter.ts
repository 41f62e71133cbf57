import type { Reporter, TestModule, Vitest } from "vitest/node";
import type { Counts } from "../scripts/run-vitest.ts";

/** Sends the counts of a run to the process that started Vitest (`scripts/run-vitest.ts`), or else prints them. */
export default class CountsReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts: Counts = { passed: 0, failed: errors.length };
    // With `-t`, Vitest skips tests of other names. Without it, a skipped test is a failure.
    const maySkip = this.#vitest?.config.testNamePattern !== undefined;
    for (const module of modules) {
      counts.failed += module.errors().length ? 1 : 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") counts.passed += 1;
        else if (state !== "skipped" || !maySkip) counts.failed += 1;
      }
    }
    if (process.send) process.send(counts);
    else console.log(`${counts.passed} passed, ${counts.failed} failed`);
  }
}
