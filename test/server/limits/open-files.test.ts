import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { connectionsWithin, openFilesLimit } from "../../../src/server/limits/open-files.ts";
import { dataDirectory } from "../../support/data-directory.ts";

const limits = (files: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             128                  256                  processes
${files}
Max locked memory         67108864             67108864             bytes
`;

describe("the limit on open files", () => {
  it.each([
    [256, limits("Max open files            256                  4096                 files")],
    [undefined, limits("Max open files            unlimited            unlimited            files")],
    [undefined, "something else"],
  ])("the limit on open files is %s, as the system reports it", async (limit, text) => {
    const path = join(await dataDirectory(), "limits");
    await writeFile(path, text);
    expect(openFilesLimit(path)).toBe(limit);
  });

  it("the limit on open files is undefined on systems that do not report it", () => {
    expect(openFilesLimit("/does/not/exist")).toBeUndefined();
  });

  it.each([
    [undefined, 16_384, 16_384],
    [65_536, 16_384, 16_384],
    [16_512, 16_384, 16_384],
    [16_511, 16_384, 16_383],
    [1_024, 16_384, 896],
    [1_024, 100, 100],
    [200, 16_384, 100],
    [1, 16_384, 1],
  ])("a limit of %s open files permits, of %i configured connections, %i", (files, configured, permitted) => {
    expect(connectionsWithin(files, configured)).toBe(permitted);
  });
});
