import { type LogFile, type LogManifest, manifestName } from "@tidemark/schema/log";

/** The files by the name of the manifest that lists them. */
export const byManifest = (files: readonly LogFile[]): Map<string, LogFile[]> => {
  const manifests = new Map<string, LogFile[]>();
  for (const file of files) manifests.set(manifestName(file), [...(manifests.get(manifestName(file)) ?? []), file]);
  return manifests;
};

/** Adds files to a manifest, sorted by name. A file of a name that it has already changes nothing. */
export const mergeManifest = (manifest: LogManifest | undefined, added: readonly LogFile[]): LogManifest => {
  const files = new Map([...added, ...(manifest?.files ?? [])].map((file) => [file.name, file]));
  return { files: [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) };
};
