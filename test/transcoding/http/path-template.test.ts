import { describe, expect, it } from "vitest";
import { PathTemplateError, parsePathTemplate } from "../../../src/transcoding/http/path-template.ts";

/** Writes a parsed template as one line: segments, then `name@start-end` of each variable, then the verb. */
function outline(source: string): string {
  const { segments, variables, verb } = parsePathTemplate(source);
  return [
    segments.map((segment) => (segment.kind === "literal" ? segment.text : segment.kind)).join("|"),
    ...variables.map(
      ({ fieldPath, start, end, multiSegment }) =>
        `${fieldPath.join(".")}@${start}-${end}${multiSegment ? "+" : ""}`,
    ),
    ...(verb === undefined ? [] : [`:${verb}`]),
  ].join(" ");
}

describe("parsePathTemplate", () => {
  it.each([
    ["one literal", "/v1", "v1"],
    ["literals", "/v1/a/b", "v1|a|b"],
    ["wildcards without variables", "/v1/*/**", "v1|*|**"],
    ["all characters that a path may contain unescaped", "/a-._~!$&'()+,;=@9", "a-._~!$&'()+,;=@9"],
    ["a variable with literals and wildcards", "/v1/{name=a/*/b/*}", "v1|a|*|b|* name@1-5+"],
    ["a variable of one literal", "/v1/{kind=books}", "v1|books kind@1-2"],
    ["a variable of any number of segments", "/v1/{rest=**}", "v1|** rest@1-2+"],
    ["a nested field path", "/{a.b_2._c}", "* a.b_2._c@0-1"],
    ["{x} like {x=*}", "/v1/{x}", "v1|* x@1-2"],
    ["several variables", "/{a}/x/{b=y/**}", "*|x|y|** a@0-1 b@2-4+"],
    ["literals after **", "/v1/{rest=**}/info", "v1|**|info rest@1-2+"],
    ["a verb", "/v1/a:cancel", "v1|a :cancel"],
    ["a verb after a variable", "/v1/{x}:cancel", "v1|* x@1-2 :cancel"],
    ["a verb after **", "/v1/**:cancel", "v1|** :cancel"],
    ["escapes in literals and verbs, decoded", "/a%62c/%2F:d%65", "abc|/ :de"],
  ])("parsePathTemplate parses %s: %s", (_, source, expected) => {
    expect(outline(source)).toBe(expected);
  });

  it.each([
    ["", 1, "expected /"],
    ["v1/a", 1, "expected /"],
    ["/", 2, "expected a literal, *, ** or {"],
    ["/v1/", 5, "expected a literal, *, ** or {"],
    ["/v1//a", 5, "expected a literal, *, ** or {"],
    ["//v1", 2, "expected a literal, *, ** or {"],
    ["/v1?x=1", 4, "expected / or the end"],
    ["/v 1", 3, "expected / or the end"],
    ["/v1/a*", 6, "expected / or the end"],
    ["/v1/*a", 6, "expected / or the end"],
    ["/v1/***", 7, "expected / or the end"],
    ["/v1/a{x}", 6, "expected / or the end"],
    ["/v1/{x}a", 8, "expected / or the end"],
    ["/v1/{x}{y}", 8, "expected / or the end"],
    ["/v1/{x=a*}", 9, "expected }"],
    ["/v1/{x=}", 8, "expected a literal, *, ** or {"],
    ["/v1/{x=/a}", 8, "expected a literal, *, ** or {"],
    ["/v1/{x=a/}", 10, "expected a literal, *, ** or {"],
    ["/v1/{x", 7, "expected }"],
    ["/v1/x}", 6, "expected / or the end"],
    ["/ä", 2, "expected a literal, *, ** or {"],
    ["/%zz", 2, "expected a literal, *, ** or {"],
    ["/{}", 3, "expected a field name"],
    ["/{9a}", 3, "expected a field name"],
    ["/{a-b}", 4, "expected }"],
    ["/{a.}", 5, "expected a field name"],
    ["/{.a}", 3, "expected a field name"],
    ["/{a..b}", 5, "expected a field name"],
    ["/{a={b}}", 5, "a variable cannot contain a variable"],
    ["/{a=x/{b}}", 7, "a variable cannot contain a variable"],
    ["/**/a/**", 7, "** cannot follow **"],
    ["/{a=**}/{b=**}", 12, "{b=**} cannot follow {a=**}"],
    ["/a:", 4, "expected a literal, *, ** or {"],
    ["/a:b:c", 5, "expected / or the end"],
    ["/a:b/c", 5, "expected / or the end"],
    ["/a:*", 4, "expected a literal, *, ** or {"],
    ["/{a=b:c}", 6, "expected }"],
    ["/a/%ff", 4, "the escapes of this literal are not UTF-8"],
    ["/{a}/{a}", 6, "{a} occurs twice"],
    ["/{a.b}/x/{a.b=y/*}", 10, "{a.b} occurs twice"],
  ])("parsePathTemplate rejects %s at column %i: %s", (source, column, problem) => {
    expect(() => parsePathTemplate(source)).toThrow(PathTemplateError);
    expect(() => parsePathTemplate(source)).toThrow(
      `path template ${JSON.stringify(source)}, column ${column}: ${problem}`,
    );
  });

  it("parsePathTemplate accepts variables for two fields of one message", () => {
    expect(outline("/{a.b}/{a.c}")).toBe("*|* a.b@0-1 a.c@1-2");
  });

  it.each([
    ["/v1/{a=**}/*", 12, "* cannot follow {a=**}"],
    ["/v1/{a=**}/{b}", 14, "{b} cannot follow {a=**}"],
    ["/v1/{a=**}/{b=x/*}", 17, "{b=*} cannot follow {a=**}"],
    ["/v1/{a=**/x/*}", 13, "{a=*} cannot follow {a=**}"],
    ["/v1/**/{b=**}", 11, "{b=**} cannot follow **"],
    ["/v1/**/x/*", 10, "* cannot follow **"],
    ["/**/**", 5, "** cannot follow **"],
  ])("parsePathTemplate names both wildcards of %s", (source, column, problem) => {
    expect(() => parsePathTemplate(source)).toThrow(
      `path template "${source}", column ${column}: ${problem}: only literals can follow **`,
    );
  });
});
