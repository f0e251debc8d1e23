import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CallSchema } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { rowOf } from "../../../../src/console/calls/feed/call-row.ts";

describe("rowOf", () => {
  it("shows what is invisible in names that a caller chose", () => {
    const row = rowOf(
      create(CallSchema, { name: "calls/1", userKey: "a\u202eb\u00a0c d", clientId: "you\u200btube" }),
    );
    expect(row).toMatchObject({ userKey: "a\\u202eb\\u00a0c d", clientId: "you\\u200btube" });
  });
});
