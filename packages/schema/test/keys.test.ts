import { describe, expect, it } from "vitest";
import { CLIENT_ID, SESSION_ID, SITE_ID, SITE_KEY } from "../src/keys.ts";

interface Form {
  name: string;
  form: RegExp;
  accepted: string[];
  refused: string[];
}

const forms: Form[] = [
  {
    name: "a site's id",
    form: SITE_ID,
    accepted: ["a", "shop", "shop-2", "0", "a".repeat(32)],
    refused: ["", "a".repeat(33), "Shop", "my_shop", "my.shop", "my shop", "my:shop", "bücher", "shop\n"],
  },
  {
    name: "a site's key",
    form: SITE_KEY,
    accepted: ["tm_shop_aaaaaaaa", "tm_a_AZaz0189", `tm_${"a".repeat(32)}_aaaaaaaa`, `tm_shop_${"a".repeat(100)}`],
    refused: [
      "",
      "shop_aaaaaaaa",
      "TM_shop_aaaaaaaa",
      "tm_shop_aaaaaaa",
      "tm__aaaaaaaa",
      "tm_Shop_aaaaaaaa",
      "tm_my_shop_aaaaaaaa",
      "tm_shop_aaaaaaa-",
      "tm_shop_aaaa_aaaa",
      `tm_${"a".repeat(33)}_aaaaaaaa`,
      " tm_shop_aaaaaaaa",
      "tm_shop_aaaaaaaa\n",
    ],
  },
  {
    name: "an identifier of a client",
    form: CLIENT_ID,
    accepted: ["a".repeat(8), "a".repeat(64), "V1StGXR8_Z5jdHi6B-myT", "--------", "________"],
    refused: [
      "",
      "a".repeat(7),
      "a".repeat(65),
      "shop.V1StGXR8",
      "with space",
      "ünïcödé-id",
      "aaaaaaaa\n",
      "aaaa:aaaa",
    ],
  },
  {
    name: "a session's identifier",
    form: SESSION_ID,
    accepted: ["a".repeat(8), "shop.V1StGXR8Z5jdHi6B", `${"a".repeat(32)}.${"b".repeat(64)}`, "my-shop.--------"],
    refused: [
      "",
      "shop.aaaaaaa",
      ".aaaaaaaa",
      "Shop.aaaaaaaa",
      "my_shop.aaaaaaaa",
      "shop.aaaa.aaaa",
      `${"a".repeat(33)}.aaaaaaaa`,
      `shop.${"a".repeat(65)}`,
      "shop.aaaaaaaa\n",
      "shop:aaaaaaaa",
    ],
  },
];

describe.each(forms)("$name", ({ form, accepted, refused }) => {
  it.each(accepted)("may be %j", (text) => {
    expect(form.test(text)).toBe(true);
  });

  it.each(refused)("may not be %j", (text) => {
    expect(form.test(text)).toBe(false);
  });
});

it("a key names its site", () => {
  expect(SITE_KEY.exec("tm_my-shop_aaaaaaaa")?.[1]).toBe("my-shop");
});

it("a session's identifier says no more about its site than what stands before the dot", () => {
  expect(SESSION_ID.exec("shop.aaaaaaaa")?.[1]).toBe("shop.");
  expect(SESSION_ID.exec("aaaaaaaa")?.[1]).toBeUndefined();
});
