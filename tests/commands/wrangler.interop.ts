/**
 * @shows Wrangler has each command and flag that the pages show
 * @needs nothing
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { ROOT } from "./commands-in-docs.ts";
import { WRANGLER } from "./wrangler-commands.ts";

it.each(Object.entries(WRANGLER))(
  "wrangler %s has the flags %j",
  async (name, flags) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["node_modules/wrangler/bin/wrangler.js", ...name.split(" "), "--help"],
      { cwd: ROOT },
    );
    // The help of a group instead would begin with the group's name alone.
    expect(stdout).toMatch(new RegExp(`^wrangler ${name}\\b`));
    expect(flags.filter((flag) => !stdout.includes(` ${flag} `))).toEqual([]);
  },
  60_000,
);
