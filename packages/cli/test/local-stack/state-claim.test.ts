import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { claimState, originOf } from "../../src/local-stack/state-claim.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const MODULE = new URL("../../src/local-stack/state-claim.ts", import.meta.url).href;

/** Starts a process that claims the folder, prints the result, and keeps running. */
const startClaimant = async (folder: string) => {
  const code = `
    const { claimState } = await import(${JSON.stringify(MODULE)});
    console.log("usedBy" in (await claimState(${JSON.stringify(folder)})) ? "failed" : "claimed");
    setInterval(() => {}, 1_000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(child.stdout, "data");
  return { child, result: String(line).trim() };
};

const isClaimed = (claim: Awaited<ReturnType<typeof claimState>>) => "release" in claim;

describe("claimState", () => {
  it("fails with the id of the process that holds the claim, until that releases the claim or ends", async () => {
    const folder = temporaryFolder();
    const { child, result } = await startClaimant(folder);
    expect(result).toBe("claimed");
    expect(await claimState(folder)).toEqual({ usedBy: child.pid });

    child.kill("SIGKILL");
    await once(child, "exit");
    const claim = await claimState(folder);
    expect(isClaimed(claim)).toBe(true);
    expect((await startClaimant(folder)).result).toBe("failed");

    if (isClaimed(claim)) await claim.release();
    expect((await startClaimant(folder)).result).toBe("claimed");
  });

  it("adds further processes to a claim, and removes their entries on release", async () => {
    const folder = temporaryFolder();
    const other = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1_000)"]);
    onTestFinished(() => void other.kill("SIGKILL"));
    const claim = await claimState(folder);
    if (isClaimed(claim)) await claim.add(Number(other.pid), "http://localhost:8787");
    expect(readdirSync(join(folder, "in-use-by"))).toHaveLength(2);
    if (isClaimed(claim)) await claim.release();
    expect(readdirSync(join(folder, "in-use-by"))).toEqual([]);
  });

  it("ignores the entry of an earlier process with the same id", async () => {
    const folder = temporaryFolder({ [`in-use-by/${process.ppid}-1`]: "" });
    expect(isClaimed(await claimState(folder))).toBe(true);
    expect(readdirSync(join(folder, "in-use-by"))).toHaveLength(1);
  });
});

describe("originOf", () => {
  it("returns the origin of the running collector, until it ends", async () => {
    const folder = temporaryFolder();
    expect(await originOf(folder)).toBeUndefined();
    const claim = await claimState(folder);
    expect(await originOf(folder)).toBeUndefined();

    const collector = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1_000)"]);
    onTestFinished(() => void collector.kill("SIGKILL"));
    if (isClaimed(claim)) await claim.add(Number(collector.pid), "http://localhost:8790");
    expect(await originOf(folder)).toBe("http://localhost:8790");

    collector.kill("SIGKILL");
    await once(collector, "exit");
    expect(await originOf(folder)).toBeUndefined();
  });
});
