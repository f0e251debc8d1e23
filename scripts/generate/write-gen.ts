/** Makes `gen/` and `docs/reference/` what the protos generate: writes changed files and deletes left-over ones. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { committedFiles, generate, root, skippedNotice } from "./gen.ts";

const generated = generate();
const committed = committedFiles(generated);
for (const [path, text] of generated.files) {
  if (committed.get(path) !== text) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
for (const path of committed.keys()) {
  if (!generated.files.has(path)) {
    rmSync(join(root, path));
  }
}
const notice = skippedNotice(generated);
if (notice !== undefined) {
  console.warn(notice);
}
