import { type DescMessage, fromJson } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ErrorInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import {
  FaultSchema,
  file_mobiledataplansharing_emulator_v1_emulator_resources,
} from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { file_mobiledataplansharing_emulator_v1_emulator_service } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { file_mobiledataplansharing_v1_plans } from "../../../../gen/mobiledataplansharing/v1/plans_pb.ts";
import {
  file_mobiledataplansharing_v1_resources,
  PlanGroupSchema,
  PlanStatusSchema,
} from "../../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { suggestionsAt } from "../../../../src/console/playground/text/completion.ts";

const now = new Date("2030-06-01T12:00:00.500Z");

/** Returns the suggestions at the `|` of a text. */
function at(marked: string, root: DescMessage = PlanStatusSchema) {
  const offset = marked.indexOf("|");
  return suggestionsAt(marked.replace("|", ""), offset, { root, now });
}

const labels = (marked: string, root?: DescMessage) =>
  at(marked, root)?.options.map(({ label }) => label) ?? [];

/** Returns the text after the first suggestion was inserted, with its holes filled by their defaults. */
function insertFirst(marked: string, root?: DescMessage): string {
  const text = marked.replace("|", "");
  const { from, to, commaBefore, options } = at(marked, root) as NonNullable<ReturnType<typeof at>>;
  const before =
    commaBefore === undefined
      ? text.slice(0, from)
      : `${text.slice(0, commaBefore)},${text.slice(commaBefore, from)}`;
  return before + filled(options[0]?.insert ?? "") + text.slice(to);
}

function filled(insert: string): string {
  return insert.replaceAll(/\$\{\d+:([^{}]*)\}/g, "$1");
}

describe("completion of names", () => {
  it("offers the fields of the message at the cursor, required ones first and output ones last", () => {
    const found = labels("{|}");
    expect(found.slice(0, 3)).toEqual(["languageCode", "expireTime", "updateTime"]);
    expect(found).toContain("planInfoPerClient");
    expect(found.slice(-2)).toEqual(["name", "notifications"]);
  });

  it("offers no field that is set, before or behind the cursor, in either spelling", () => {
    const found = labels(
      '{"title": "x", |, "update_time": "", "plans": [{"planId": "x", "languageCode": 1}]}',
    );
    expect(found).not.toContain("title");
    expect(found).not.toContain("updateTime");
    expect(found).not.toContain("plans");
    expect(found).toContain("languageCode");
  });

  it("offers no second field of a oneof", () => {
    const module = (fields: string) => `{"plans":[{"planModules":[{${fields}}]}]}`;
    expect(labels(module("|"))).toContain("timeBalance");
    expect(labels(module('"byteBalance": {}, |'))).not.toContain("timeBalance");
  });

  it("finds a field by its beginning, by a part of it and by its name in the contract", () => {
    expect(labels('{"ac|"}')).toEqual(["accountInfo"]);
    expect(labels("{Info|}")).toEqual(["accountInfo", "planInfoPerClient"]);
    expect(labels("{plan_info|}")).toEqual(["planInfoPerClient"]);
    expect(labels("{nothing|}")).toEqual([]);
  });

  it("says the type of a field and whether it is required", () => {
    const detail = (label: string) => at("{|}")?.options.find((option) => option.label === label)?.detail;
    expect(detail("languageCode")).toBe("string · required");
    expect(detail("plans")).toBe("repeated Plan");
    expect(detail("expireTime")).toBe("Timestamp · required");
  });

  it("replaces what was typed, with or without quotes, and keeps a value that is there", () => {
    expect(insertFirst('{"tit|"}')).toBe('{"title": ""}');
    expect(insertFirst("{tit|}")).toBe('{"title": ""}');
    expect(insertFirst('{"tit|": "x"}')).toBe('{"title": "x"}');
    expect(insertFirst('{\n  "tit|\n}')).toBe('{\n  "title": ""\n}');
  });

  it("adds the commas that are missing around the new field", () => {
    expect(insertFirst('{tit| "languageCode": "en"}')).toBe('{"title": "", "languageCode": "en"}');
    expect(insertFirst('{"languageCode": "en" "tit|"}')).toBe('{"languageCode": "en", "title": ""}');
    expect(insertFirst('{"languageCode": "en", tit|}')).toBe('{"languageCode": "en", "title": ""}');
  });

  it("gives a new message the fields that it requires, or all of a few scalars", () => {
    const module = (fields: string) => `{"plans":[{"planModules":[{${fields}}]}]}`;
    expect(insertFirst(module("byteB|"))).toBe(
      module('"byteBalance": {\n\t"quotaBytes": "0",\n\t"remainingBytes": "0"\n}'),
    );
    expect(JSON.parse(insertFirst("{acc|}"))).toEqual({
      accountInfo: {
        accountBalance: { currencyCode: "USD", units: "0", nanos: 0 },
        accountBalanceStatus: "VALID",
        validUntil: "2030-06-02T12:00:00Z",
      },
    });
    expect(JSON.parse(insertFirst("{plans|}"))).toEqual({ plans: [{ planId: "" }] });
  });

  it("knows the place in text that is not JSON yet", () => {
    const expected = expect.arrayContaining(["moduleName", "byteBalance"]);
    expect(labels('{"plans": [{"planId": "x" "planModules": [{|')).toEqual(expected);
    expect(labels('{"plans": [{"planModules": [{"description": "unclosed\n"moduleN|')).toEqual([
      "moduleName",
    ]);
    expect(labels('{"plans": [{"planModules": [{}, {"usedBytes": 1,, |}]')).toEqual(expected);
  });

  it("knows the fields of a plan group", () => {
    expect(labels("{|}", PlanGroupSchema)).toEqual([
      "dataPlans",
      "responseStaleTime",
      "lastUpdatedTime",
      "name",
    ]);
    expect(labels('{"dataPlans": [{|}]}', PlanGroupSchema)).toContain("planId");
  });

  it("offers nothing in a map, in free JSON and in an unknown field, where the contract has no names", () => {
    expect(labels('{"metadata": {|}}', ErrorInfoSchema)).toEqual([]);
    expect(labels('{"planInfoPerClient": {"androidSystemInfo": {|}}}')).toEqual([]);
    expect(labels('{"unknown": {|}}')).toEqual([]);
    expect(labels("{|}", StructSchema)).toEqual([]);
    expect(labels("{|}", ValueSchema)).toEqual([]);
  });
});

describe("completion of values", () => {
  const plan = (fields: string) => `{"plans":[{${fields}}]}`;

  it("offers the values of an enum in quotes, without those that say nothing", () => {
    expect(labels(plan('"planCategory": |'))).toEqual(["PREPAID", "POSTPAID"]);
    expect(insertFirst(plan('"planCategory": "PO|"'))).toBe(plan('"planCategory": "POSTPAID"'));
    expect(insertFirst(plan('"planCategory": PO|'))).toBe(plan('"planCategory": "POSTPAID"'));
    expect(labels(plan('"planModules":[{"refreshPeriod": |}]'))).toContain("REFRESH_PERIOD_NONE");
    expect(labels(plan('"planModules":[{"trafficCategories": ["VID|"]}]'))).toEqual([
      "VIDEO",
      "VIDEO_BROWSING",
      "VIDEO_OFFLINE",
    ]);
  });

  it("offers times relative to the emulated clock, past ones first where the time is one of the past", () => {
    const options = at('{"updateTime": |}')?.options ?? [];
    expect(options[0]).toMatchObject({ label: "now", insert: '"2030-06-01T12:00:00Z"' });
    expect(at('{"expireTime": "|"}')?.options[0]).toMatchObject({
      label: "in a day",
      insert: '"2030-06-02T12:00:00Z"',
    });
  });

  it("offers no time after the year 9999", () => {
    const end = new Date("9999-12-31T23:59:59.999Z");
    const found = suggestionsAt('{"expireTime": }', 15, { root: PlanStatusSchema, now: end });
    expect(found?.options[0]?.detail).toBe("9999-12-31T23:59:59Z");
  });

  it("offers booleans, sizes in bytes and templates of messages and lists", () => {
    expect(labels('{"byteBalance": |}', PlanStatusSchema)).toEqual([]);
    expect(labels('{"plans": |}')).toEqual(["[…]"]);
    expect(labels('{"plans": [|]}')).toEqual(["{…}"]);
    expect(labels(plan('"planModules":[{"byteBalance":{"quotaBytes": |}}]'))).toContain("unlimited");
    expect(
      labels(
        '{"deprecated": |}',
        FileDescriptorProtoSchema.fields.find(({ name }) => name === "options")?.message,
      ),
    ).toEqual(["true", "false"]);
  });

  it("replaces the whole value at the cursor", () => {
    expect(insertFirst('{"languageCode": "|de-DE", "title": ""}')).toBe(
      '{"languageCode": "en-US", "title": ""}',
    );
    expect(insertFirst('{"languageCode": de|, "title": ""}')).toBe('{"languageCode": "de-DE", "title": ""}');
  });

  it("offers the next field behind a value, with the comma between them", () => {
    expect(insertFirst('{"title": "x"| }')).toBe('{"title": "x","languageCode": "en-US" }');
  });

  it("offers nothing behind a name, in an unknown field and behind the end", () => {
    expect(at('{"title"| }')).toBeUndefined();
    expect(at('{"unknown": |}')).toBeUndefined();
    expect(at('{"title": "x"} |')).toBeUndefined();
  });
});

describe("completion in every message", () => {
  const files = [
    file_mobiledataplansharing_v1_resources,
    file_mobiledataplansharing_v1_plans,
    file_mobiledataplansharing_emulator_v1_emulator_resources,
    file_mobiledataplansharing_emulator_v1_emulator_service,
    FileDescriptorProtoSchema.file,
    ErrorInfoSchema.file,
    StructSchema.file,
  ];
  const withNested = (message: DescMessage): DescMessage[] => [
    message,
    ...message.nestedMessages.flatMap(withNested),
  ];
  const messages = files.flatMap((file) => file.messages).flatMap(withNested);

  it("has messages of every kind to try", () => {
    expect(messages.length).toBeGreaterThan(90);
    expect(messages.map(({ name }) => name)).toContain("PlanModule");
  });

  it.each(
    messages.filter(
      ({ fields, typeName }) =>
        fields.length > 0 &&
        !typeName.startsWith("google.protobuf.Struct") &&
        !/\.(List)?Value$/.test(typeName),
    ),
  )("offers every field of $typeName, with a text that protobuf reads", (message) => {
    const { options = [] } = at("{|}", message) ?? {};
    expect(options.map(({ label }) => label).sort()).toEqual(
      message.fields.map(({ jsonName }) => jsonName).sort(),
    );
    for (const { label, insert } of options) {
      const values = at(`{"${label}": |}`, message)?.options ?? [];
      const isEnum =
        message.field[label]?.fieldKind === "enum" ||
        message.fields.some((field) => field.jsonName === label && field.fieldKind === "enum");
      const text = isEnum ? `{"${label}": ${values[0]?.insert ?? 0}}` : `{${filled(insert)}}`;
      expect(() => fromJson(message, JSON.parse(text)), text).not.toThrow();
      for (const value of values) {
        const withValue = `{"${label}": ${filled(value.insert)}}`;
        expect(() => fromJson(message, JSON.parse(withValue)), withValue).not.toThrow();
      }
    }
  });

  it("ends in messages that contain themselves", () => {
    expect(
      labels('{"messageType": [{"nestedType": [{"nestedType": [{na|}]}]}]}', FileDescriptorProtoSchema),
    ).toContain("name");
  });

  it("knows durations", () => {
    expect(labels('{"delay": |}', FaultSchema)).toContain("60s");
  });
});
