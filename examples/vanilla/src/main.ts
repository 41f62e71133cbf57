import { items } from "./items.ts";
import { tracker } from "./tracker.ts";
import { showVector } from "./vector.ts";

const byId = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
};

const packed = new Set<(typeof items)[number]>();

const weigh = () => {
  const grams = [...packed].reduce((sum, { weight }) => sum + weight, 0);
  byId("weight").textContent = `${packed.size} of ${items.length} packed, ${grams / 1000} kg to carry`;
};

byId("list").append(
  ...items.map((item) => {
    const row = document.createElement("li");
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox" });
    const name = Object.assign(document.createElement("span"), { textContent: item.name });
    const weight = Object.assign(document.createElement("span"), { textContent: `${item.weight} g` });
    label.append(box, name, weight);
    row.append(label);
    box.addEventListener("change", () => {
      if (box.checked) {
        packed.add(item);
        tracker.track("packed", { item: item.name, weight_g: item.weight });
        if (packed.size === items.length) tracker.track("list_completed");
      } else {
        packed.delete(item);
        tracker.track("unpacked", { item: item.name });
      }
      weigh();
    });
    return row;
  }),
);

weigh();
showVector(byId("vector"));
