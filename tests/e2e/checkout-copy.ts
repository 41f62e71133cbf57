import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Names of generated files and folders, which are not copied. */
const GENERATED = [".git", ".wrangler", "dist", "node_modules"];

/** A copy of this checkout that a test may change. */
export interface CheckoutCopy {
  folder: string;
  remove(): Promise<void>;
}

/**
 * Links the installed packages of a folder into the same folder of a copy. Packages of this repository link to the
 * copy.
 */
const linkInstalled = async (copy: string, folder: string) => {
  const installed = join(ROOT, folder, "node_modules");
  for (const entry of await readdir(installed).catch(() => [])) {
    const to = join(copy, folder, "node_modules", entry);
    await mkdir(join(to, ".."), { recursive: true });
    if (entry === "@tidemark") {
      await mkdir(to);
      for (const name of await readdir(join(installed, entry)))
        await symlink(join(copy, "packages", name), join(to, name));
    } else await symlink(join(installed, entry), to);
  }
};

/** Copies this checkout, and links its installed packages. */
export const copyCheckout = async (): Promise<CheckoutCopy> => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-checkout-"));
  await cp(ROOT, folder, { recursive: true, filter: (path) => !GENERATED.includes(basename(path)) });
  const packages = await readdir(join(ROOT, "packages"));
  for (const each of [".", ...packages.map((name) => `packages/${name}`)]) await linkInstalled(folder, each);
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
};
