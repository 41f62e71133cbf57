import { afterAll, expect, vi } from "vitest";

/* Runs before each file of the project `unit`, whose files share processes: no file leaves anything to the next one. */

/** The tests of code that takes the names of its platform when it is loaded. Each of these files loads it anew. */
const LOADED_ANEW = ["/packages/sdk/test/", "/packages/cli/test/local-stack/"];

const { testPath = "" } = expect.getState();
const isLoadedAnew = LOADED_ANEW.some((folder) => testPath.includes(folder));

if (isLoadedAnew) vi.resetModules();

afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  if (isLoadedAnew) vi.resetModules();
});
