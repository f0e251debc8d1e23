import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { reachedFiles } from "../../../scripts/build/reached-files.ts";
import { dataDirectory } from "../../support/data-directory.ts";

it("reachedFiles returns the entries and all that their code or their declarations import, and nothing else", async () => {
  const folder = await dataDirectory();
  const files: Readonly<Record<string, string>> = {
    "src/entry.js": 'export { a } from "./a.js";\nimport "node:http";\n',
    "src/entry.d.ts": 'export { a } from "./a.ts";\nexport type { T } from "../types/only.ts";\n',
    "src/a.js":
      'import {\n  b,\n} from "#deps/b.js";\nimport "../side-effect.js";\nimport { entry } from "./entry.js";\n',
    "src/a.d.ts": 'export declare const a: import("./inline.ts").Inline;\n',
    "src/inline.js": "export {};\n",
    "src/inline.d.ts": "export type Inline = 1;\n",
    "src/unused.js": 'import "./entry.js";\n',
    "src/unused.d.ts": "",
    "types/only.js": "export {};\n",
    "types/only.d.ts": "export type T = 1;\n",
    "gen-deps/b.js": 'import { c } from "@bufbuild/protobuf";\n',
    "gen-deps/b.d.ts": "",
    "side-effect.js": "",
    "side-effect.d.ts": "",
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  expect(reachedFiles(folder, ["./src/entry.js"])).toEqual(
    Object.keys(files)
      .filter((path) => !path.includes("unused"))
      .toSorted(),
  );
});
