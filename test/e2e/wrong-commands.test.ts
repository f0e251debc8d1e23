import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pushScope, readScope } from "../../src/auth/scopes.ts";
import { systemClock } from "../../src/contract/clock.ts";
import { exampleStatus } from "../../src/examples/index.ts";
import { runProgram } from "../support/program.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { type WrongCommand, wrongCommands } from "../support/wrong-commands/cases.ts";
import { pageOf, type Row, writeCommand } from "../support/wrong-commands/page.ts";

const main = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const page = new URL("../../docs/pushing/wrong-commands.md", import.meta.url);

/** Programs that run at the same time. */
const parallel = 3;

describe.skipIf(process.platform !== "linux")("docs/pushing/wrong-commands.md", () => {
  let server: TestServer;
  let folder: string;
  let tokens: Readonly<Record<string, string>>;

  beforeAll(async () => {
    server = await startTestServer({ clock: { ...systemClock, set() {} } });
    folder = join(server.directory, "folder-of-user");
    mkdirSync(join(folder, "folder"), { recursive: true });
    const asns = [65001];
    tokens = {
      READ_TOKEN: await server.makeToken({ asns, scopes: [readScope] }),
      TOKEN: await server.makeToken({ asns, scopes: [pushScope] }),
    };
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  /** Runs a line of bash in which `mdps` is the program, in the folder with the inputs. */
  function bash(line: string) {
    const withTokens = line.replace(/\b(READ_)?TOKEN$|\b(READ_)?TOKEN(?= )/, (name) => tokens[name] ?? name);
    const script = `cd '${folder}'; mdps() { '${process.execPath}' '${main}' "$@"; }; ${withTokens}`;
    const env = {
      URL: server.url,
      PORT: new URL(server.url).port,
      MDPS_DATA: server.directory,
      MDPS_RUNS: join(folder, "runs"),
    };
    return runProgram([], { command: ["bash", "-c", script], env });
  }

  async function writeInputs(): Promise<void> {
    const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
    const planStatus = exampleStatus(new Date());
    const records = ["a", "b"].map((userKey) => ({
      ...{ parent: "operators/65001", clientId: "youtube", userKey, planStatus },
    }));
    write("statuses.ndjson", records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    write("pretty.json", JSON.stringify(records[0], undefined, 2));
    write("statuses.csv", "msisdn,tariff\n491701234567,ACME\n");
    write("statuses.xlsx", Buffer.from("504b030414000600080000002100", "hex"));
    write("empty.ndjson", "");
    const packed = gzipSync(`${JSON.stringify(records)}\n`);
    write("cut.ndjson.gz", packed.subarray(0, packed.length - 20));
    const create = "mdps service-account create --operator 65001 --endpoint $URL";
    await bash(
      `${create} --out key.json; ${create} --name old --out revoked.json; mdps service-account revoke old`,
    );
    const key = JSON.parse(readFileSync(join(folder, "key.json"), "utf8"));
    write("escaped.json", JSON.stringify({ ...key, private_key: key.private_key.replaceAll("\n", "\\n") }));
  }

  async function rowOf({ what, line }: WrongCommand): Promise<Row> {
    const { exitCode, stdout, stderr } = await bash(line);
    const [, first = stdout.split("\n")[0] ?? ""] =
      /^((?:mdps|error): .+(?:\n\(Did you mean .+)?)/m.exec(stderr) ?? [];
    const [advice = ""] = /^This does not pass by itself.+/m.exec(stdout) ?? [];
    const message = `${first}${advice && `. ${advice}`}`
      .trim()
      .replaceAll(`${folder}/`, "")
      .replaceAll(server.directory, "/var/lib/mdps")
      .replaceAll(`${process.execPath} ${main}`, "mdps")
      .replaceAll(`node ${main}`, "mdps")
      .replaceAll(server.url.replace("http://", ""), "127.0.0.1:8080")
      .replaceAll(new URL(server.url).port, "8080")
      .replaceAll(/20(?!26-01-01)\d\d-\d\d-\d\dT\d\d-\d\d-\d\d/g, "RUN")
      // OpenSSL begins its errors with a number of the thread.
      .replaceAll(/\([0-9A-F]+:error:[^)]*\)/g, "(…)")
      .replaceAll("\n", " ");
    return { what, line, exitCode, message };
  }

  it("has the messages that the program prints", async () => {
    await writeInputs();
    const all = Object.entries(wrongCommands).flatMap(([heading, cases]) =>
      cases.map((each) => [heading, each] as const),
    );
    const rows = new Map<WrongCommand, Row>();
    const queue = all.map(([, each]) => each);
    const work = async () => {
      for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
        rows.set(each, await rowOf(each));
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
    const sections = Object.entries(wrongCommands).map(
      ([heading, cases]) => [heading, cases.flatMap((each) => rows.get(each) ?? [])] as const,
    );
    const failed = [...rows.values()].filter(({ exitCode, message }) => exitCode === 0 || message === "");
    expect(failed).toEqual([]);
    const expected = `${pageOf(sections)}\n`;
    if (process.env.MDPS_WRITE_FIGURES !== undefined) {
      writeFileSync(page, expected);
    }
    expect(readFileSync(page, "utf8"), `written by ${writeCommand}`).toBe(expected);
  });
});
