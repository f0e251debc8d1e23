import { describe, expect, it } from "vitest";
import { parseRequestTarget } from "../../../src/transcoding/http/request-target.ts";

describe("parseRequestTarget", () => {
  it.each([
    ["/v1/a%2Fb?x=%26&y=?", "/v1/a%2Fb", "x=%26&y=?"],
    ["/v1/a", "/v1/a", ""],
    ["/v1/a?", "/v1/a", ""],
    ["/v1/../%2e%2e/./x", "/v1/../%2e%2e/./x", ""],
    ["//evil.example/v1", "//evil.example/v1", ""],
    ["/v1\\..\\x", "/v1\\..\\x", ""],
    ["http://example.com/v1/a?x=1", "/v1/a", "x=1"],
    ["HTTPS://user@example.com:8443/v1/..//a", "/v1/..//a", ""],
    ["http://example.com", "/", ""],
    ["http://example.com?x=1", "/", "x=1"],
    ["http:///v1/a", "/v1/a", ""],
    ["/http://example.com/v1", "/http://example.com/v1", ""],
    ["*", "*", ""],
  ])("parseRequestTarget splits %s into the path %s and the query %j", (target, path, query) => {
    expect(parseRequestTarget(target)).toEqual({ path, query });
  });
});
