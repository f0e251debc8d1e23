import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PlanGroupService } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { describeBinding, httpOverlaps, sharedPath } from "../../../scripts/checks/http-overlaps.ts";
import { buildRouteTree, type HttpBinding, parsePathTemplate } from "../../../src/transcoding/index.ts";

const method = PlanGroupService.method.createPlanGroup;
const binding = (httpMethod: string, source: string): HttpBinding => ({
  method,
  index: 0,
  httpMethod,
  template: parsePathTemplate(source),
  body: "",
  responseBody: "",
});

/** Returns whether the router matches a path with a template. */
const matches = (source: string, path: string) => {
  const found = buildRouteTree([[binding("GET", source), true]]).match("GET", path);
  return found !== undefined && "route" in found;
};

describe("sharedPath", () => {
  it.each([
    ["/v1/{name=a/*}", "/v1/{name=*/b}", "/v1/a/b"],
    ["/v1/{id}", "/v1/plans", "/v1/plans"],
    ["/v1/{id}", "/v1/{key}", "/v1/x"],
    ["/v1/{path=**}", "/v1/a/b", "/v1/a/b"],
    ["/v1/{path=**}/end", "/v1/a/{id}", "/v1/a/end"],
    ["/v1/a/**", "/v1/**/b", "/v1/a/b"],
    ["/v1/{id}:check", "/v1/a:check", "/v1/a:check"],
    ["/**:check", "/**:check", "/x:check"],
  ])("templates %s and %s share the path %s", (one, other, path) => {
    expect(sharedPath(parsePathTemplate(one), parsePathTemplate(other))).toBe(path);
  });

  it.each([
    ["/v1/a", "/v1/b"],
    ["/v1/{id}", "/v1/{id}/more"],
    ["/v1/{id}:check", "/v1/{id}:clear"],
    ["/v1/{id}:check", "/v1/{id}"],
    ["/v1/a/{path=**}", "/v1/b/{path=**}"],
  ])("templates %s and %s share no path", (one, other) => {
    expect(sharedPath(parsePathTemplate(one), parsePathTemplate(other))).toBeUndefined();
  });

  it("two templates share a path exactly if the router matches some path with both", () => {
    const segment = fc.constantFrom("a", "b", "*", "**");
    const template = fc
      .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom("", ":do"))
      .filter(([segments]) => !/\*\*.*\*/.test(segments.join("/")))
      .map(([segments, verb]) => `/${segments.join("/")}${verb}`);
    // Paths of up to 7 of these segments suffice: `x` stands for every segment that only a wildcard matches.
    const path = fc.array(fc.constantFrom("a", "b", "x"), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(template, template, path, (one, other, segments) => {
        const shared = sharedPath(parsePathTemplate(one), parsePathTemplate(other));
        if (shared === undefined) {
          for (const verb of ["", ":do"]) {
            const target = `/${segments.join("/")}${verb}`;
            const isApart = one.endsWith(":do") !== other.endsWith(":do");
            expect(!isApart && matches(one, target) && matches(other, target)).toBe(false);
          }
        } else {
          expect([matches(one, shared), matches(other, shared)]).toEqual([true, true]);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("httpOverlaps", () => {
  const shown = (...bindings: HttpBinding[]) =>
    httpOverlaps(bindings).map(({ one, other, path }) => [
      describeBinding(one),
      describeBinding(other),
      path,
    ]);
  const name = "mobiledataplansharing.v1.PlanGroupService.CreatePlanGroup";

  it("httpOverlaps names both bindings if a path overlaps and the HTTP methods are equal or one is *", () => {
    expect(shown(binding("GET", "/v1/{id}"), binding("GET", "/v1/a"), binding("POST", "/v1/a"))).toEqual([
      [`${name}: GET /v1/{id}`, `${name}: GET /v1/a`, "/v1/a"],
    ]);
    expect(shown(binding("*", "/v1/{id}"), binding("POST", "/v1/a"))).toEqual([
      [`${name}: * /v1/{id}`, `${name}: POST /v1/a`, "/v1/a"],
    ]);
  });
});
