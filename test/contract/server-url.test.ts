import { expect, it } from "vitest";
import { parseServerUrl } from "../../src/contract/server-url.ts";

it.each([
  ["https://mdps.example.com", "https://mdps.example.com"],
  ["https://mdps.example.com/", "https://mdps.example.com"],
  ["HTTPS://MDPS.Example.com:443", "https://mdps.example.com"],
  ["http://mdps.example.com:80/", "http://mdps.example.com"],
  ["http://mdps.example.com:443", "http://mdps.example.com:443"],
  ["https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"],
  ["https://192.0.2.1:8443", "https://192.0.2.1:8443"],
  ["https://example.com/mdps", "https://example.com/mdps"],
  ["https://example.com/mdps/", "https://example.com/mdps"],
  ["https://EXAMPLE.com:443/Api/v1.0_~-/", "https://example.com/Api/v1.0_~-"],
  ["https://bücher.example/mdps", "https://xn--bcher-kva.example/mdps"],
])("the public URL %s is kept as %s", (text, url) => {
  expect(parseServerUrl(text)).toEqual({ url });
});

it.each([
  ["mdps.example.com", /^"mdps\.example\.com" is not the URL of a server, such as https:/],
  ["", /is not the URL of a server/],
  ["ftp://example.com", /is not the URL of a server/],
  ["https:example.com", /is not the URL of a server/],
  ["https://", /is not the URL of a server/],
  ["https:///mdps", /is not the URL of a server/],
  ["https://example.com:99999", /is not the URL of a server/],
  ["https://[2001:db8::1", /is not the URL of a server/],
  ["https://exa mple.com", /is not the URL of a server/],
  ["https://example.com\\mdps", /is not the URL of a server/],
  [" https://example.com", /is not the URL of a server/],
  ["https://example.com/mdps\n", /is not the URL of a server/],
  ["https://example.com?", /must have no query and no fragment/],
  ["https://example.com/mdps?a=b", /must have no query and no fragment/],
  ["https://example.com/mdps#", /must have no query and no fragment/],
  ["https://example.com//mdps", /the path \/\/mdps of/],
  ["https://example.com/mdps//", /the path \/mdps\/\/ of/],
  ["https://example.com/a/../b", /the path \/a\/\.\.\/b of/],
  ["https://example.com/./b", /the path \/\.\/b of/],
  ["https://example.com/a%2Fb", /the path \/a%2Fb of/],
  ["https://example.com/$discovery", /the path \/\$discovery of/],
  ["https://example.com/{path}", /the path \/\{path\} of/],
])("the public URL %j is rejected with the part that is wrong", (text, problem) => {
  expect(parseServerUrl(text)).toEqual({ problem: expect.stringMatching(problem) });
});

it("a public URL with a password is rejected without showing it", () => {
  expect(parseServerUrl("https://user:secret@example.com/mdps")).toEqual({
    problem: "the URL for example.com must have no user and no password",
  });
});
