import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../src/console");
const pages = ["calls", "controls", "playground", "reference", "subscribers"];

/** Returns the classes by which the selectors of a page begin, such as `.calls-filters` of `.calls-filters input`. */
function classesOf(page: string): string[] {
  const styles = globSync(`${page}/**/*.css`, { cwd: root }).map((file) =>
    readFileSync(join(root, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, ""),
  );
  const found = styles.flatMap((text) => [...text.matchAll(/(?:^|[,{}])\s*\.([\w-]+)/g)]);
  return [...new Set(found.map(([, name = ""]) => name))];
}

describe("the styles of the pages of the console", () => {
  it("have no class in common, because a page that was opened keeps its styles in the document", () => {
    const all = pages.flatMap(classesOf);
    expect(all).toEqual(expect.arrayContaining(["calls-filters", "phone-plan"]));
    const twice = all.filter((name, index) => all.indexOf(name) !== index);
    expect(twice).toEqual([]);
  });
});
