import { guard } from "../guard.ts";
import type * as sdk from "../index.ts";
import type * as inspector from "../inspector/inspect.ts";
import type { PartName } from "./parts.ts";
import { shared } from "./shared.ts";

/** The parts themselves. */
export type Parts = Pick<typeof sdk, Exclude<PartName, "inspect">> & Pick<typeof inspector, "inspect">;

/** Gives a part, once it is there. What cannot be loaded never comes, and is warned of. */
export type LoadPart = <N extends PartName>(name: N) => Promise<Parts[N]>;

/** Version of the bundle, as in the names of its files, and the integrity of each file by its name: the build writes both. */
declare const TAG_VERSION: string;
declare const TAG_FILES: Record<string, string>;

/** The file with all parts that have none of their own. */
const MORE = "more";

/** How a tag and its part meet: the part finds what is shared on its own script element, and leaves there what it holds. */
type PartElement = HTMLScriptElement & { shared?: typeof shared; parts?: Partial<Parts> };

/** Trusted Types, where there are any (https://www.w3.org/TR/trusted-types/). */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}
let policy: ReturnType<TrustedTypes["createPolicy"]> | undefined;

const trusted = (url: string): string => {
  policy ??= (window as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("tidemark", {
    createScriptURL: (own) => own,
  });
  return policy?.createScriptURL(url) ?? url;
};

/**
 * Loads parts from where the tag is, each file once, with its integrity and the tag's own nonce: what the page trusts the tag
 * for, it trusts the parts for.
 *
 * @param base URL of a file beside theirs.
 */
export const createPartLoader = (base: string, nonce: string | undefined): LoadPart => {
  const files: Record<string, Promise<Partial<Parts>>> = {};
  const insert = (file: string) =>
    new Promise<Partial<Parts>>(
      guard((resolve) => {
        const element: PartElement = document.createElement("script");
        element.src = trusted(new URL(`tidemark-v${TAG_VERSION}-${file}.js`, base).href);
        element.integrity = TAG_FILES[file] as string;
        element.crossOrigin = "anonymous";
        if (nonce) element.nonce = nonce;
        element.shared = shared;
        element.onload = () => resolve(element.parts ?? {});
        element.onerror = () =>
          console.warn(`[tidemark] ${element.src} does not load: is it there, and allowed by the page's script-src?`);
        document.head.append(element);
      }),
    );
  return async (name) => {
    const file = TAG_FILES[name] ? name : MORE;
    files[file] ??= insert(file);
    return (await files[file])[name] as Parts[typeof name];
  };
};
