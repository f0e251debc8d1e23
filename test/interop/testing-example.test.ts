import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../..");
const textOf = (path: string) => readFileSync(join(root, path), "utf8");
const page = textOf("docs/testing.md");

/** Removes the indentation that all lines have in common. */
function unindent(text: string): string {
  const indents = text
    .split("\n")
    .flatMap((line) => (line.trim() ? [/^\s*/.exec(line)?.[0].length ?? 0] : []));
  const common = Math.min(...indents);
  return text.replaceAll(/^.*$/gm, (line) => line.slice(common));
}

/** Returns whether a text has these lines, with whatever indentation. */
function hasLines(text: string, shown: string): boolean {
  const lines = text.split("\n");
  const { length } = shown.split("\n");
  return lines.some((_, from) => unindent(lines.slice(from, from + length).join("\n")) === shown);
}

describe("docs/testing.md", () => {
  const parts = [...page.matchAll(/<!-- part: (\S+) -->\n```\w+\n([\s\S]*?)\n```/g)];

  it("shows parts of the examples in Go, Python and Java, and of the compose file", () => {
    const files = parts.map(([, path = ""]) => path.split("/")[3]);
    expect(files.toSorted()).toEqual(["containers", "go", "java", "java", "java", "python"]);
  });

  it.each(parts.map(([, path = "", shown = ""]) => ({ path, shown })))(
    "shows lines that $path has",
    (part) => {
      expect(hasLines(textOf(part.path), part.shown)).toBe(true);
    },
  );
});

describe("the recipes for containers", () => {
  const command = "dev --host 0.0.0.0 --set listen.allowCleartext=true --expose-control";

  it("start the emulator with the same command everywhere", () => {
    const { services } = parse(textOf("docs/examples/testing/containers/compose.yaml"));
    expect(services.mdps.command.join(" ")).toBe(command);
    const workflow = parse(textOf("docs/examples/emulator-workflow.yml"));
    expect(workflow.jobs.test.services.mdps.command).toBe(command);
    for (const path of ["docs/testing.md", "docs/emulator.md", "deploy/docker/Dockerfile"]) {
      expect(textOf(path)).toContain(command);
    }
    const quoted = command.replaceAll(/\S+/g, '"$&"').replaceAll(" ", ", ");
    expect(textOf("docs/examples/testing/java/src/test/java/agent/EmulatorContainer.java")).toContain(quoted);
    expect(page).toContain(`.withCommand([${quoted}])`);
  });

  it("docker compose starts the tests when the emulator is healthy, and tells them where it is", () => {
    const { services } = parse(textOf("docs/examples/testing/containers/compose.yaml"));
    expect(services.tests.depends_on).toEqual({ mdps: { condition: "service_healthy" } });
    expect(services.tests.environment).toEqual({ MDPS_ENDPOINT: "http://mdps:8080" });
  });
});
