import { X509Certificate } from "node:crypto";

/**
 * Throws TypeError unless a text is one or more certificates in PEM. Node's TLS accepts any text, ignores what it cannot
 * read, and then trusts fewer servers. `name` begins the message.
 */
export function requireCertificates(pem: string, name: string): void {
  const blocks = pem.split(/^(?=-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----)/m).filter(isCertificate);
  const broken = blocks.findIndex((block) => !canParse(block));
  if (blocks.length === 0 || (blocks.length === 1 && broken === 0)) {
    throw new TypeError(`${name}: must be one or more certificates in PEM`);
  }
  if (broken !== -1) {
    throw new TypeError(`${name}: certificate ${broken + 1} of ${blocks.length} cannot be read`);
  }
}

function isCertificate(block: string): boolean {
  return block.startsWith("-----BEGIN ") && /^\S+ (?:TRUSTED |X509 )?CERTIFICATE-----/.test(block);
}

function canParse(block: string): boolean {
  try {
    return new X509Certificate(block) instanceof X509Certificate;
  } catch {
    return false;
  }
}
