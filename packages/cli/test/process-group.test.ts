import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const MODULE = fileURLToPath(new URL("../src/process-group.ts", import.meta.url));

/** Starts a group whose leader has a child of its own, and says that all run. Their output is the program's. */
const PROGRAM = `
  import { spawn } from "node:child_process";
  import { killGroupOnParentExit } from ${JSON.stringify(MODULE)};
  const leader = \`
    const { spawn } = require("node:child_process");
    spawn(process.execPath, ["--eval", "console.log('all run'); setInterval(() => {}, 1000)"], { stdio: "inherit" });
    setInterval(() => {}, 1000);\`;
  spawn(process.execPath, [killGroupOnParentExit(), "--eval", leader], {
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
`;

it("a process group ends with the process that started it, also when that is killed", async () => {
  const program = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(program.stdout, "data");
  const closed = once(program.stdout.resume(), "close");
  program.kill("SIGKILL");
  // The output closes once the last process that writes to it has ended.
  expect(await closed).toEqual([false]);
});
