import { describe, expect, it } from "vitest";
import { requireCertificates } from "../../src/network/certificates.ts";
import { renewedCertificate, testCertificate } from "../support/certificates/certificate.ts";

const check = (pem: string) => () => requireCertificates(pem, "ca");
const { cert } = testCertificate;

describe("requireCertificates", () => {
  it.each([
    ["one certificate", cert],
    ["several with comments between them", `# first\n${cert}\n# second\n${renewedCertificate.cert}`],
    ["line breaks of Windows", `${cert}${cert}`.replaceAll("\n", "\r\n")],
    ["a certificate and a key", `${testCertificate.key}${cert}`],
  ])("accepts %s", (_, pem) => {
    expect(check(pem)).not.toThrow();
  });

  it.each([["no certificate"], [""], [testCertificate.key], [cert.slice(0, 200)]])("rejects %j", (pem) => {
    expect(check(pem)).toThrow(new TypeError("ca: must be one or more certificates in PEM"));
  });

  it.each([
    ["in its middle", cert.replace(/\n\S{9}/, "\n!!!!!!!!!")],
    ["at its end", cert.slice(0, 200)],
  ])("names the certificate of a bundle that is broken %s", (_, broken) => {
    expect(check(`${cert}${broken}`)).toThrow(new TypeError("ca: certificate 2 of 2 cannot be read"));
    expect(check(`${cert}${broken}\n${cert}`)).toThrow("ca: certificate 2 of 3 cannot be read");
  });
});
