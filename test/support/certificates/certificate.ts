import { chmodSync, readFileSync } from "node:fs";

const read = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8");

/**
 * A self-signed certificate for localhost, 127.0.0.1 and ::1, valid from 2020 to 2119. Its key is public and protects
 * nothing.
 */
export const testCertificate = { cert: read("localhost-cert.pem"), key: read("localhost-key.pem") };

/** Another self-signed certificate with the same names. */
export const renewedCertificate = { cert: read("renewed-cert.pem"), key: read("renewed-key.pem") };

/** Certificates with the key of `testCertificate` that are not valid, each for one reason. */
export const faultyCertificates = {
  /** Since 2021-01-01. */
  expired: { cert: read("expired-cert.pem"), key: read("localhost-key.pem") },
  /** Before 2110-01-01. */
  notYetValid: { cert: read("future-cert.pem"), key: read("localhost-key.pem") },
  /** For dpa.example.com. */
  otherHost: { cert: read("other-host-cert.pem"), key: read("localhost-key.pem") },
  /** Issued by an authority whose certificate is not sent. */
  unknownIssuer: { cert: read("unknown-issuer-cert.pem"), key: read("localhost-key.pem") },
};

/** Paths of the files of `testCertificate`, for the command line. */
export const testCertificateFiles = {
  cert: new URL("localhost-cert.pem", import.meta.url).pathname,
  key: new URL("localhost-key.pem", import.meta.url).pathname,
};

/** Paths of the files of `renewedCertificate`. */
export const renewedCertificateFiles = {
  cert: new URL("renewed-cert.pem", import.meta.url).pathname,
  key: new URL("renewed-key.pem", import.meta.url).pathname,
};

// Git only stores the executable bit, and the server rejects keys that others can read.
chmodSync(testCertificateFiles.key, 0o600);
chmodSync(renewedCertificateFiles.key, 0o600);
