/** The items to pack, with their weights in grams. */
export const items = [
  { name: "Boots that drain", weight: 1_150 },
  { name: "A towel, and dry socks", weight: 480 },
  { name: "The tide table, on paper", weight: 90 },
  { name: "A hand lens", weight: 60 },
  { name: "Tea, in the good flask", weight: 1_020 },
  { name: "Something to sit on", weight: 350 },
] as const;
