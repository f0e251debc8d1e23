import { readFileSync } from "node:fs";
import { type DescMessage, getOption, hasOption } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { http } from "#deps/google/api/annotations_pb.js";
import { MoneySchema } from "#deps/google/type/money_pb.js";
import { file_mobiledataplansharing_v1_enums as enums } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { clientIds } from "../../src/contract/resource-names.ts";

const page = new URL("../../docs/google-pages.md", import.meta.url);
const statuses = ["same", "differs", "provisional", "ours", "not covered"];
const contractSections = [
  ...["Methods", "Requests", "PlanStatus", "PlanGroup", "Plan", "PlanModule", "AccountInfo"],
  ...["PlanInfoPerClient", "Enums"],
];

type Row = { readonly section: string; readonly name: string; readonly status: string; readonly why: string };

/** Returns the rows of all tables that have a status. */
function readRows(): Row[] {
  return readFileSync(page, "utf8")
    .split(/^## /m)
    .slice(1)
    .flatMap((section) =>
      [...section.matchAll(/^\| `([^`]+)` \| ([^|]*) \| ([^|]*)\|$/gm)].map(
        ([, name = "", status = "", why = ""]) => ({
          section: section.split("\n")[0] ?? "",
          name,
          status,
          why: why.trim(),
        }),
      ),
    );
}

const methods = [PlanStatusService, PlanGroupService].flatMap((service) => service.methods);

/** Returns the messages of requests and what they contain, Money included. */
function messagesOf(desc: DescMessage, found = new Set<DescMessage>()): Set<DescMessage> {
  const isOurs = desc.typeName.startsWith("mobiledataplansharing.") || desc.typeName === MoneySchema.typeName;
  if (isOurs && !found.has(desc)) {
    found.add(desc);
    for (const { message } of desc.fields) {
      if (message !== undefined) {
        messagesOf(message, found);
      }
    }
  }
  return found;
}

/** Returns the fields, enum values and methods of the contract, as the tables name them. */
function contractNames(): string[] {
  const messages = new Set(methods.flatMap(({ input }) => [...messagesOf(input)]));
  return [
    ...methods.map((method) => {
      expect(hasOption(method, http)).toBe(true);
      return `POST ${getOption(method, http).pattern.value}`;
    }),
    ...[...messages].flatMap(({ name, fields }) => fields.map(({ jsonName }) => `${name}.${jsonName}`)),
    ...enums.enums.flatMap(({ name, values }) => values.map((value) => `${name}.${value.name}`)),
  ];
}

/** Paths in the style of Google's pages: JSON names for path variables. */
const spelledAsOnPages = (path: string) =>
  path.replace(
    /\{(client_id|user_key)\}/g,
    (_, name) => `{${name === "client_id" ? "clientId" : "userKey"}}`,
  );

const rows = readRows();
const inContract = rows.filter(({ section }) => contractSections.includes(section));

describe("the comparison with Google's pages", () => {
  it("has a row for each field, enum value and method of the contract, and no other", () => {
    expect(inContract.map(({ name }) => name).toSorted()).toEqual(
      contractNames().map(spelledAsOnPages).toSorted(),
    );
  });

  it("has a known status in each row, and a reason in each that is not the same", () => {
    expect(rows.filter(({ status }) => !statuses.includes(status))).toEqual([]);
    expect(rows.filter(({ status, why }) => status !== "same" && why === "")).toEqual([]);
  });

  it("marks as provisional exactly the fields whose comments say so", () => {
    const comments = ["plans", "resources"].map((name) =>
      readFileSync(new URL(`../../proto/mobiledataplansharing/v1/${name}.proto`, import.meta.url), "utf8"),
    );
    const marked = comments
      .join("\n")
      .split(/\n\n/)
      .filter((part) => part.includes("Provisional:"))
      .map((part) => /(\w+) = \d+ \[/.exec(part)?.[1]);
    const provisional = inContract.filter(({ status }) => status === "provisional");
    expect(provisional.map(({ name }) => name.split(".")[1]).toSorted()).toEqual(
      marked.map((name = "") => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())).toSorted(),
    );
  });

  it("names every client id", () => {
    const why = rows.find(({ name }) => name === "CreateUserPlanStatusRequest.clientId")?.why;
    expect(clientIds.filter((id) => !why?.includes(`\`${id}\``))).toEqual([]);
  });

  it("has the figures of its rows", () => {
    const newer = rows.filter(({ section }) => section === "Newer pages");
    const covered = newer.filter(({ status }) => status !== "not covered");
    const [same, differs, provisional, ours, notCovered] = statuses.map(
      (status) => inContract.filter((row) => row.status === status).length,
    );
    const text = readFileSync(page, "utf8").replaceAll("\n", " ");
    expect(text).toContain(`Of ${newer.length} rows of the newer pages, ${covered.length} are covered.`);
    expect(text).toContain(
      `Of ${inContract.length} fields, values and methods, ${same} are the same, ${differs} differ, ${provisional} are provisional, ${ours} are ours, and ${notCovered} are not covered.`,
    );
    expect(newer.length).toBeGreaterThanOrEqual(18);
  });
});
