import { describe, expect, it } from "vitest";
import { Code } from "#deps/google/rpc/code_pb.js";
import { Call_Protocol as Protocol } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { ErrorReason } from "../../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import {
  filtersOf,
  hasFilters,
  isShown,
  queryOf,
  requestFilters,
} from "../../../../src/console/calls/feed/call-filters.ts";

const read = (query: string) => filtersOf(new URLSearchParams(query));

describe("filtersOf", () => {
  it("reads what queryOf wrote", () => {
    const query = {
      userKey: "+1415*&a=b c",
      operator: "65001",
      clientId: "youtube",
      method: "CreatePlanStatus",
      protocol: "GRPC_WEB",
      code: "ABORTED",
      reason: "PLAN_STATUS_STALE",
    };
    expect(queryOf(read(new URLSearchParams(query).toString()))).toEqual(query);
  });

  it("leaves out protocols, codes and reasons that do not exist", () => {
    const filters = read("protocol=SOAP&code=TEAPOT&reason=toString&userKey=x");
    expect(queryOf(filters)).toEqual({ userKey: "x" });
  });

  it("has no filter without a query", () => {
    expect(hasFilters(read(""))).toBe(false);
    expect(hasFilters(read("code=OK"))).toBe(true);
  });
});

describe("requestFilters", () => {
  it("writes names as the emulator expects them", () => {
    const filters = read("operator=65001&protocol=GRPC&code=OK&reason=FIELD_INVALID&userKey=%2B1*");
    expect(requestFilters(filters)).toEqual({
      userKey: "+1*",
      operator: "operators/65001",
      clientId: "",
      method: "",
      protocol: Protocol.GRPC,
      code: Code.OK,
      reason: ErrorReason.FIELD_INVALID,
    });
  });

  it("passes on an operator that is not a number, so that the emulator says what is wrong with it", () => {
    expect(requestFilters(read("operator=acme")).operator).toBe("acme");
  });

  it("asks for every code if only errors are shown", () => {
    expect(requestFilters(read("code=ERRORS"))).not.toHaveProperty("code");
  });
});

describe("isShown", () => {
  it("leaves out successful calls if only errors are shown", () => {
    const codes = [Code.OK, Code.INVALID_ARGUMENT, Code.CANCELLED];
    expect(codes.filter((code) => isShown(read("code=ERRORS"), { code }))).toEqual([
      Code.INVALID_ARGUMENT,
      Code.CANCELLED,
    ]);
    expect(codes.filter((code) => isShown(read(""), { code }))).toEqual(codes);
  });
});
