import { named } from "../events/named.ts";
import { URL } from "../platform.ts";
import { call, isElement, read } from "../sensors/members.ts";
import { cleanUrl } from "../sensors/page-url.ts";
import type { ClickEnrichment, ClickFields } from "../signals/clicks.ts";

/** Selector of links, also of SVG's with `xlink:href`. */
const LINK = "a[*|href],area[href]";

/** Paths of files that a browser downloads or opens in another program. */
const FILE = /\.(pdf|zip|t?gz|rar|7z|dmg|exe|msi|pkg|deb|rpm|apk|iso|docx?|xlsx?|pptx?|csv|epub|mp[34]|mov|avi|wav)$/i;

const KINDS: Record<string, ClickFields["link"]> = {
  "mailto:": "mailto",
  "tel:": "tel",
  // Contents that the page itself has made.
  "blob:": "download",
  "data:": "download",
};

/** The kind of a link's destination, and its address if that may be sent. */
const destinationOf = (link: Element): Partial<ClickFields> => {
  const attribute = (name: string) => call(link, "getAttribute", name);
  try {
    const url = new URL(attribute("href") ?? attribute("xlink:href") ?? "", read(link, "baseURI"));
    if (!/^https?:$/.test(url.protocol)) return { link: KINDS[url.protocol] ?? "other" };
    const isDownload = attribute("download") !== null || FILE.test(url.pathname);
    if (!isDownload && url.host === location.host) return { link: "internal" };
    return { link: isDownload ? "download" : "outbound", link_url: cleanUrl(url.href) };
  } catch {
    return { link: "other" };
  }
};

/**
 * Adds the kind of the clicked link to {@link clicks}, and its origin and path for outbound links and downloads by HTTP. Mail
 * addresses and telephone numbers are never sent, and neither are `blob:` and `data:` URLs.
 */
export const clickLinks: ClickEnrichment = /* @__PURE__ */ named("clickLinks", (event: MouseEvent) => {
  const isLink = (node: EventTarget) => isElement(node) && call(node, "matches", LINK);
  const link = event.composedPath().find(isLink);
  return link ? destinationOf(link as Element) : {};
});
