import { describe, expect, it } from "vitest";
import { parseRequestTarget } from "../../../src/transcoding/http/request-target.ts";

describe("parseRequestTarget", () => {
  it.each([
    ["M1", "/v1/a%2Fb?x=%26&y=?", "/v1/a%2Fb", "x=%26&y=?"],
    ["M1", "/v1/a", "/v1/a", ""],
    ["M1", "/v1/a?", "/v1/a", ""],
    ["M10", "/v1/../%2e%2e/./x", "/v1/../%2e%2e/./x", ""],
    ["M10", "//evil.example/v1", "//evil.example/v1", ""],
    ["M10", "/v1\\..\\x", "/v1\\..\\x", ""],
    ["M12", "http://example.com/v1/a?x=1", "/v1/a", "x=1"],
    ["M12", "HTTPS://user@example.com:8443/v1/..//a", "/v1/..//a", ""],
    ["M12", "http://example.com", "/", ""],
    ["M12", "http://example.com?x=1", "/", "x=1"],
    ["M12", "http:///v1/a", "/v1/a", ""],
    ["M12", "/http://example.com/v1", "/http://example.com/v1", ""],
    ["M12", "*", "*", ""],
  ])("%s: %s has the path %s and the query %j", (_, target, path, query) => {
    expect(parseRequestTarget(target)).toEqual({ path, query });
  });
});
