import { describe, expect, it } from "vitest";
import { buildRouteTree } from "../../../src/transcoding/http/route-tree.ts";
import { countCalls } from "../fixtures/count-work.ts";
import { bindingFor, custom } from "../fixtures/library.ts";

/** Builds a tree of routes such as `GET /v1/{left}`; each is its own text. */
function treeOf(...routes: string[]) {
  return buildRouteTree(
    routes.map((route) => {
      const [method = "", path = ""] = route.split(" ");
      return [bindingFor(custom(method, path)), route] as const;
    }),
  );
}

/** Returns the route of a request and the text of its variables, or the methods of the path. */
function find(routes: string[], request: string): string {
  const [method = "", path = ""] = request.split(" ");
  const found = treeOf(...routes).match(method, path);
  if (found === undefined) {
    return "none";
  }
  return "allowed" in found
    ? `allow ${found.allowed.join(", ")}`
    : [found.route, ...found.captures.map((each) => `[${each}]`)].join(" ");
}

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) {
    yield [];
  }
  for (const [index, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(index, 1))) {
      yield [item, ...rest];
    }
  }
}

describe("match", () => {
  const overlapping = ["GET /v1/a/b", "GET /v1/a/*", "GET /v1/*/b", "GET /v1/**", "GET /v1/**/c", "GET /**"];

  it.each([
    ["/v1/a/b", "GET /v1/a/b"],
    ["/v1/a/x", "GET /v1/a/*"],
    ["/v1/x/b", "GET /v1/*/b"],
    ["/v1/x/y", "GET /v1/**"],
    ["/v1/x/y/c", "GET /v1/**/c"],
    ["/v2/a/b", "GET /**"],
  ])("match prefers literals to * and * to **, in any order of registration: %s", (path, route) => {
    const answers = new Set(
      [...permutations(overlapping)].map((routes) => {
        const found = treeOf(...routes).match("GET", path);
        return found !== undefined && "route" in found ? found.route : "none";
      }),
    );
    expect([...answers]).toEqual([route]);
  });

  it.each([
    ["GET /v1/a/x/c", "GET /v1/{left}/x/c [a]"],
    ["GET /v1/a/x/d", "GET /v1/{left=**} [a/x/d]"],
    ["GET /v1/a/b", "GET /v1/a/b"],
  ])("match backtracks from a branch without a route: %s", (request, expected) => {
    const routes = ["GET /v1/a/b", "GET /v1/a/b/c", "GET /v1/{left}/x/c", "GET /v1/{left=**}"];
    expect(find(routes, request)).toBe(expected);
  });

  it("match prefers the longer tail of literals after **", () => {
    const routes = ["GET /{left=**}/c", "GET /{left=**}/b/c", "GET /{left=**}"];
    expect(find(routes, "GET /a/b/c")).toBe("GET /{left=**}/b/c [a]");
    expect(find(routes, "GET /a/x/c")).toBe("GET /{left=**}/c [a/x]");
    expect(find(routes, "GET /a/b/x")).toBe("GET /{left=**} [a/b/x]");
  });

  it.each([
    ["GET /v1/special", "GET /v1/{left} [special]"],
    ["POST /v1/special", "POST /v1/special"],
    ["DELETE /v1/special", "DELETE /v1/** "],
    ["PATCH /v1/special", "allow DELETE, GET, HEAD, POST"],
    ["PATCH /v1/other", "allow DELETE, GET, HEAD"],
  ])("match ignores a literal route of another HTTP method: %s", (request, expected) => {
    const routes = ["POST /v1/special", "GET /v1/{left}", "DELETE /v1/**"];
    expect(find(routes, request)).toBe(expected.trim());
  });

  it.each([
    ["GET /v1/x", "GET /v1/x"],
    ["PURGE /v1/x", "* /v1/x"],
    ["HEAD /v1/x", "GET /v1/x"],
  ])(
    "match uses a rule of the kind * for HTTP methods without a route of their own: %s",
    (request, expected) => {
      expect(find(["* /v1/x", "GET /v1/x"], request)).toBe(expected);
    },
  );

  it.each([
    ["HEAD /v1/a", "GET /v1/{left} [a]"],
    ["HEAD /v1/b", "HEAD /v1/b"],
    ["HEAD /v1/c/d", "allow POST"],
  ])("match uses the GET route for HEAD if HEAD has no route of its own: %s", (request, expected) => {
    expect(find(["GET /v1/{left}", "HEAD /v1/b", "GET /v1/b", "POST /v1/c/d"], request)).toBe(expected);
  });

  const verbs = ["POST /v1/{left}:cancel", "POST /v1/{left}", "POST /v1/{left}:un%64o", "GET /v1/{left}"];

  it.each([
    ["POST /v1/a:cancel", "POST /v1/{left}:cancel [a]"],
    ["POST /v1/a:b:cancel", "POST /v1/{left}:cancel [a:b]"],
    ["POST /v1/a:cancel:b", "POST /v1/{left} [a:cancel:b]"],
    ["POST /v1/a:b", "POST /v1/{left} [a:b]"],
    ["POST /v1/a:", "POST /v1/{left} [a:]"],
    ["POST /v1/:", "POST /v1/{left} [:]"],
    ["POST /v1/:cancel", "POST /v1/{left} [:cancel]"],
    ["GET /v1/a:cancel", "GET /v1/{left} [a:cancel]"],
    ["POST /v1:cancel/a", "none"],
    ["POST /v1/a%3Acancel", "POST /v1/{left} [a%3Acancel]"],
    ["POST /v1/a%3acancel", "POST /v1/{left} [a%3acancel]"],
    ["POST /v1/a:c%61ncel", "POST /v1/{left}:cancel [a]"],
    ["POST /v1/a:undo", "POST /v1/{left}:un%64o [a]"],
    ["POST /v1/a:Cancel", "POST /v1/{left} [a:Cancel]"],
  ])("match looks for a verb after the last colon: %s", (request, expected) => {
    expect(find(verbs, request)).toBe(expected);
  });

  it("match finds no route for an unknown verb if the path without it has no route", () => {
    expect(find(["POST /v1/{left}:cancel"], "POST /v1/a:undo")).toBe("none");
    expect(find(["POST /v1/{left}:cancel"], "POST /v1/a")).toBe("none");
    expect(find(["POST /v1/a:cancel"], "POST /v1/a%3Acancel")).toBe("none");
    expect(find(["POST /v1/{left}:cancel"], "GET /v1/a:cancel")).toBe("allow POST");
  });

  it.each([
    ["GET /v1/a/"],
    ["GET /v1//a"],
    ["GET //v1/a"],
    ["GET /v1/"],
    ["GET /"],
    ["GET //"],
    ["GET v1/a"],
    ["GET *"],
    ["GET "],
    ["GET /V1/a"],
    ["GET /x/../v1/a"],
    ["GET /./v1/a"],
    ["GET /v1\\a"],
    ["GET /v1%2Fa"],
  ])("match finds no route for %s", (request) => {
    expect(find(["GET /v1/*", "GET /v1/*/b", "GET /v1/a/**"], request)).toBe("none");
  });

  it.each([
    ["GET /v1/a", "GET /v1/{left=a/**} [a]"],
    ["GET /v1/a/b/c", "GET /v1/{left=a/**} [a/b/c]"],
    ["GET /v2", "GET /v2/{left=**} []"],
    ["GET /v2/info", "GET /v2/{left=**}/info []"],
    ["GET /v2/a/info", "GET /v2/{left=**}/info [a]"],
    ["GET /v2:undo", "GET /v2/{left=**}:undo []"],
    ["GET /v3/x/y/z", "GET /v3/{left=**}/y/{string_value=z} [x] [z]"],
    ["GET /v2/", "none"],
    ["GET /v1/a//b", "none"],
    ["GET /v1/a/b%2Fc", "GET /v1/{left=a/**} [a/b%2Fc]"],
    ["GET /v1/a/../b", "GET /v1/{left=a/**} [a/../b]"],
    ["GET /v%31/%61/b", "GET /v1/{left=a/**} [%61/b]"],
  ])("match accepts any number of segments for **: %s", (request, expected) => {
    const routes = [
      "GET /v1/{left=a/**}",
      "GET /v2/{left=**}",
      "GET /v2/{left=**}/info",
      "GET /v2/{left=**}:undo",
      "GET /v3/{left=**}/y/{string_value=z}",
    ];
    expect(find(routes, request)).toBe(expected);
  });

  it("match accepts the root path for ** at the root", () => {
    expect(find(["GET /{left=**}"], "GET /")).toBe("GET /{left=**} []");
  });

  it.each([
    ["GET /a%2fb", "GET /a%2Fb"],
    ["GET /a/b", "GET /a/b"],
    ["GET /%C3%A4", "GET /%c3%a4"],
  ])("match compares literals after decoding: %s", (request, expected) => {
    expect(find(["GET /a%2Fb", "GET /a/b", "GET /%c3%a4"], request)).toBe(expected);
  });

  it("match does not treat %2F in a segment as a separator", () => {
    expect(find(["GET /v1/{left}", "GET /v1/{left}/b"], "GET /v1/a%2Fb")).toBe("GET /v1/{left} [a%2Fb]");
  });

  it("match finds no route for names of inherited properties", () => {
    const routes = ["GET /v1/a", "GET /v1/b:c"];
    for (const name of ["__proto__", "constructor", "toString", "b:constructor", "b:__proto__"]) {
      expect(find(routes, `GET /v1/${name}`)).toBe("none");
      expect(find(routes, `${name} /v1/a`)).toBe("allow GET, HEAD");
    }
  });

  it.each([
    ["slashes", (size: number) => "/".repeat(size)],
    ["segments", (size: number) => "/a".repeat(size)],
    ["segments of another route", (size: number) => `/v1${"/b/c".repeat(size / 2)}`],
    ["colons", (size: number) => `/v1/${":".repeat(size)}`],
    ["escapes", (size: number) => "/%2F".repeat(size)],
  ])("match needs a constant number of lookups for a path of 64,000 %s", (_, pathOf) => {
    const tree = treeOf(
      "GET /v1/{left=a/*/b/*}",
      "GET /v1/{left=**}/x",
      "GET /a/{left=**}/a/a",
      "GET /*/a/**:b",
    );
    const [small, large] = [64, 64_000].map((size) =>
      countCalls(() => tree.match("GET", pathOf(size)), [Map.prototype, "get"], [RegExp.prototype, "test"]),
    );
    expect(large).toBe(small);
    expect(large).toBeLessThan(50);
  });
});

describe("buildRouteTree", () => {
  it.each([
    ["the same text", "GET /v1/{left}", "GET /v1/{left}"],
    ["other names of variables", "GET /v1/{left}", "GET /v1/{string_value=*}"],
    ["a variable and a bare wildcard", "GET /v1/{left=a/**}", "GET /v1/a/**"],
    ["other escapes", "GET /v1/a:b", "GET /%76%31/%61:%62"],
    ["the same tail after **", "GET /v1/**/a", "GET /v1/{left=**}/%61"],
    ["two of the kind *", "* /v1/a", "* /v1/a"],
  ])("buildRouteTree rejects two methods with the same route: %s", (_, first, second) => {
    const message = `rpc library.v1.Library.Echo and rpc library.v1.Library.Echo both have the route ${second}`;
    expect(() => treeOf(first, second)).toThrow(message);
  });

  it("buildRouteTree names both methods that have the same route", () => {
    const clash = () =>
      buildRouteTree([
        [bindingFor(custom("GET", "/v1/{name}"), "GetBook"), 1],
        [bindingFor(custom("GET", "/v1/{parent}"), "ListBooks"), 2],
      ]);
    expect(clash).toThrow(
      "rpc library.v1.Library.ListBooks and rpc library.v1.Library.GetBook both have the route GET /v1/{parent}",
    );
  });

  it.each([
    ["methods", "GET /v1/a", "POST /v1/a"],
    ["verbs", "GET /v1/a", "GET /v1/a:b"],
    ["depths", "GET /v1/*", "GET /v1/*/*"],
    ["wildcards", "GET /v1/*", "GET /v1/**"],
    ["cases", "GET /v1/a", "GET /v1/A"],
    ["an escaped slash and a slash", "GET /v1/a%2Fb", "GET /v1/a/b"],
    ["the kind * and an HTTP method", "* /v1/a", "GET /v1/a"],
  ])("buildRouteTree accepts routes that differ in %s", (_, first, second) => {
    expect(() => treeOf(first, second)).not.toThrow();
  });
});
