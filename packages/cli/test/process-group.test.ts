import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const MODULE = fileURLToPath(new URL("../src/process-group.ts", import.meta.url));

/** Starts a process group whose leader has a child. The child writes to the program's output once all of them run. */
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

it("ends a process group when the process that started it is killed", async () => {
  const program = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(program.stdout, "data");
  const closed = once(program.stdout.resume(), "close");
  program.kill("SIGKILL");
  // The output closes once all processes that inherited it have ended.
  expect(await closed).toEqual([false]);
});
