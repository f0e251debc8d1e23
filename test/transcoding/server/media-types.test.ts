import { describe, expect, it } from "vitest";
import { acceptsJson, isJson } from "../../../src/transcoding/server/media-types.ts";

describe("isJson", () => {
  it.each([
    "application/json",
    "Application/JSON",
    "application/json;charset=utf-8",
    'application/json; Charset="UTF-8"',
    "application/json; charset=utf8",
    "application/json ; charset=utf-8",
    "application/json; profile=x",
    "application/json;",
  ])("isJson returns true for %s", (type) => {
    expect(isJson(type)).toBe(true);
  });

  it.each([
    undefined,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonp",
    "application/json5",
    "text/json",
    "application/vnd.api+json",
    "application/json, text/plain",
    "application/json; charset=iso-8859-1",
    "application/json; charset=utf-16",
    "application/json; charset=utf-8; charset=latin1",
    "application/grpc",
    "application/grpc+json",
    "application/connect+json",
  ])("isJson returns false for %s", (type) => {
    expect(isJson(type)).toBe(false);
  });
});

describe("acceptsJson", () => {
  it.each([
    undefined,
    "",
    "*/*",
    "application/json",
    "APPLICATION/JSON",
    "application/json; charset=utf-8",
    "application/*",
    "text/html, application/json;q=0.001",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "*/*;q=0, application/json",
    "application/*;q=0, application/json;q=1",
    "application/json;Q=0.5",
  ])("acceptsJson returns true for %s", (accept) => {
    expect(acceptsJson(accept)).toBe(true);
  });

  it.each([
    "text/html",
    "text/*",
    "application/xml",
    "application/jsonp",
    "application/json;q=0",
    "application/json;q=0.000",
    "application/json; q=0, */*",
    "application/*;q=0, */*",
    "*/*;q=0",
    "text/html, application/json;q=0",
  ])("acceptsJson returns false for %s", (accept) => {
    expect(acceptsJson(accept)).toBe(false);
  });
});
