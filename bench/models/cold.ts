import { readModel } from "../../packages/collector/src/models/model.ts";
import { featureNames, forestOf, setOf, vectorsOf } from "./forest.ts";

/** A process that reads a model and predicts a few times, as a Worker that has just started. Prints milliseconds. */
const [trees = 60, features = 40] = process.argv.slice(2).map(Number);
const text = JSON.stringify(forestOf(trees, features));
const vectors = vectorsOf(features, 101);
const begin = performance.now();
const model = readModel(JSON.parse(text), setOf(featureNames(features)));
const read = performance.now();
model.predict(vectors[0] ?? []);
const first = performance.now();
for (const vector of vectors.slice(1)) model.predict(vector);
const later = (performance.now() - first) / (vectors.length - 1);
console.log(JSON.stringify({ reading: read - begin, first: first - read, later }));
