import type { Reporter, TestModule, Vitest } from "vitest/node";
import type { Counts } from "../scripts/run-vitest.ts";

/** Sends a run's counts to the process that started Vitest (`scripts/test.ts`), or prints them when there is none. */
export default class CountsReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts: Counts = { passed: 0, failed: errors.length };
    // With `-t`, the tests of other names are skipped on purpose; otherwise nothing may be.
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
