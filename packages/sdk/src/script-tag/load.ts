import { guard, warn } from "../guard.ts";
import type * as sdk from "../index.ts";
import type * as inspector from "../inspector/inspect.ts";
import { Promise, trustedTypes, URL } from "../platform.ts";
import { call, read } from "../sensors/members.ts";
import type { PartName } from "./parts.ts";
import { shared } from "./shared.ts";

/** The exports of the parts, by name. */
export type Parts = Pick<typeof sdk, Exclude<PartName, "inspect">> & Pick<typeof inspector, "inspect">;

/** Returns a part when it has loaded. If it cannot be loaded, the promise stays pending, and the console shows a warning. */
export type LoadPart = <N extends PartName>(name: N) => Promise<Parts[N]>;

/** The version of the bundle, a part of its file names, and the integrity of each file by name. The build inserts both. */
declare const TAG_VERSION: string;
declare const TAG_FILES: Record<string, string>;

/** The file with all parts that have no separate file. */
const MORE = "more";

/** The script element of a file of parts. The tag sets `shared` for the parts to use, and the file sets `parts` to its exports. */
type PartElement = HTMLScriptElement & { shared?: typeof shared; parts?: Partial<Parts> };

let policy: ReturnType<NonNullable<typeof trustedTypes>["createPolicy"]> | undefined;

const trustedUrl = (url: string): string => {
  policy ??= trustedTypes?.createPolicy("tidemark", {
    createScriptURL: (ownUrl) => ownUrl,
  });
  return policy?.createScriptURL(url) ?? url;
};

/**
 * Creates a loader of parts. It loads each file once, with its integrity and the tag's nonce, so that a page that trusts the tag
 * trusts its parts.
 *
 * @param base URL of a file in the same folder as the parts.
 */
export const createPartLoader = (base: string, nonce: string | undefined): LoadPart => {
  const files: Record<string, Promise<Partial<Parts>>> = {};
  const insert = (file: string) =>
    new Promise<Partial<Parts>>(
      guard((resolve) => {
        const element: PartElement = call(document, "createElement", "script") as HTMLScriptElement;
        element.src = trustedUrl(new URL(`tidemark-v${TAG_VERSION}-${file}.js`, base).href);
        element.integrity = TAG_FILES[file] as string;
        element.crossOrigin = "anonymous";
        if (nonce) element.nonce = nonce;
        element.shared = shared;
        element.onload = () => resolve(element.parts ?? {});
        element.onerror = () => warn(`${element.src} did not load: check that it exists and that script-src allows it`);
        read(document, "documentElement").append(element);
      }),
    );
  return async (name) => {
    const file = TAG_FILES[name] ? name : MORE;
    files[file] ??= insert(file);
    return (await files[file])[name] as Parts[typeof name];
  };
};
