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
    ["T1: one literal", "/v1", "v1"],
    ["T1: literals", "/v1/a/b", "v1|a|b"],
    ["T2: wildcards without variables", "/v1/*/**", "v1|*|**"],
    ["T2: all characters that a path may hold plainly", "/a-._~!$&'()+,;@9", "a-._~!$&'()+,;@9"],
    ["T2: a variable with literals and wildcards", "/v1/{name=a/*/b/*}", "v1|a|*|b|* name@1-5+"],
    ["T2: a variable of one literal", "/v1/{kind=books}", "v1|books kind@1-2"],
    ["T2: a variable of any number of segments", "/v1/{rest=**}", "v1|** rest@1-2+"],
    ["T3: a nested field path", "/{a.b_2._c}", "* a.b_2._c@0-1"],
    ["T5: {x} is {x=*}", "/v1/{x}", "v1|* x@1-2"],
    ["T5: several variables", "/{a}/x/{b=y/**}", "*|x|y|** a@0-1 b@2-4+"],
    ["T6: literals after **", "/v1/{rest=**}/info", "v1|**|info rest@1-2+"],
    ["T8: a verb", "/v1/a:cancel", "v1|a :cancel"],
    ["T8: a verb after a variable", "/v1/{x}:cancel", "v1|* x@1-2 :cancel"],
    ["T8: a verb after **", "/v1/**:cancel", "v1|** :cancel"],
    ["T10: escapes in literals and verbs are decoded", "/a%62c/%2F:d%65", "abc|/ :de"],
  ])("%s: %s", (_, source, expected) => {
    expect(outline(source)).toBe(expected);
  });

  it.each([
    ["T1", "", 1, "expected /"],
    ["T1", "v1/a", 1, "expected /"],
    ["T1", "/", 2, "expected a literal, *, ** or {"],
    ["T1", "/v1/", 5, "expected a literal, *, ** or {"],
    ["T1", "/v1//a", 5, "expected a literal, *, ** or {"],
    ["T1", "//v1", 2, "expected a literal, *, ** or {"],
    ["T1", "/v1?x=1", 4, "expected / or the end"],
    ["T1", "/v 1", 3, "expected / or the end"],
    ["T2", "/v1/a*", 6, "expected / or the end"],
    ["T2", "/v1/*a", 6, "expected / or the end"],
    ["T2", "/v1/***", 7, "expected / or the end"],
    ["T2", "/v1/a{x}", 6, "expected / or the end"],
    ["T2", "/v1/{x}a", 8, "expected / or the end"],
    ["T2", "/v1/{x}{y}", 8, "expected / or the end"],
    ["T2", "/v1/{x=a*}", 9, "expected }"],
    ["T2", "/v1/{x=}", 8, "expected a literal, *, ** or {"],
    ["T2", "/v1/{x=/a}", 8, "expected a literal, *, ** or {"],
    ["T2", "/v1/{x=a/}", 10, "expected a literal, *, ** or {"],
    ["T2", "/v1/{x", 7, "expected }"],
    ["T2", "/v1/x}", 6, "expected / or the end"],
    ["T2", "/ä", 2, "expected a literal, *, ** or {"],
    ["T2", "/%zz", 2, "expected a literal, *, ** or {"],
    ["T3", "/{}", 3, "expected a field name"],
    ["T3", "/{9a}", 3, "expected a field name"],
    ["T3", "/{a-b}", 4, "expected }"],
    ["T3", "/{a.}", 5, "expected a field name"],
    ["T3", "/{.a}", 3, "expected a field name"],
    ["T3", "/{a..b}", 5, "expected a field name"],
    ["T4", "/{a={b}}", 5, "a variable cannot contain a variable"],
    ["T4", "/{a=x/{b}}", 7, "a variable cannot contain a variable"],
    ["T7", "/**/a/**", 9, "a template has at most one **"],
    ["T7", "/{a=**}/{b=**}", 14, "a template has at most one **"],
    ["T8", "/a:", 4, "expected a literal, *, ** or {"],
    ["T8", "/a:b:c", 5, "expected / or the end"],
    ["T8", "/a:b/c", 5, "expected / or the end"],
    ["T8", "/a:*", 4, "expected a literal, *, ** or {"],
    ["T8", "/{a=b:c}", 6, "expected }"],
    ["T10", "/a/%ff", 4, "the escapes of this literal are not UTF-8"],
    ["T11", "/{a}/{a}", 6, "{a} occurs twice"],
    ["T11", "/{a.b}/x/{a.b=y/*}", 10, "{a.b} occurs twice"],
  ])("%s: refuses %s at column %i: %s", (_, source, column, fault) => {
    expect(() => parsePathTemplate(source)).toThrow(PathTemplateError);
    expect(() => parsePathTemplate(source)).toThrow(
      `path template ${JSON.stringify(source)}, column ${column}: ${fault}`,
    );
  });

  it("T11: two fields of one message are two field paths", () => {
    expect(outline("/{a.b}/{a.c}")).toBe("*|* a.b@0-1 a.c@1-2");
  });
});
