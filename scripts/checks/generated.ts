/** Fails if `gen/` or `docs/reference/` is not what the protos generate: changed, missing and left-over files are listed. */
import { committedFiles, generate, skippedNotice } from "../generate/gen.ts";

const generated = generate();
const expected = generated.files;
const actual = committedFiles(generated);
const paths = new Set([...expected.keys(), ...actual.keys()]);
const differing = [...paths].filter((path) => expected.get(path) !== actual.get(path));
if (expected.size === 0 || differing.length > 0) {
  console.error(
    `these files are not what the protos generate; run "npm run generate" and commit:\n  ${differing.join("\n  ")}`,
  );
  process.exitCode = 1;
} else {
  console.log(`${expected.size} files are what the protos generate`);
}
const notice = skippedNotice(generated);
if (notice !== undefined) {
  console.warn(notice);
}
