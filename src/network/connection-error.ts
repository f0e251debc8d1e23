/** What errors mean whose text does not say it: the server speaks another protocol. */
const meanings: readonly (readonly [code: RegExp, meaning: string])[] = [
  [/NO_APPLICATION_PROTOCOL$|^ERR_HTTP2_ERROR$/, "the server does not speak HTTP/2, which gRPC needs"],
  [/^(?:EPROTO$|ERR_SSL_(?:WRONG_VERSION|PACKET_LENGTH))/, "the server does not speak TLS"],
  [/^HPE_/, "the server does not speak HTTP/1.1"],
];

/** The advice of Node about certificates, which does not fit: its own options are not those of this program. */
const nodeAdvice = /; if the root CA is installed locally, try running Node\.js with --use-system-ca/;

/** An error of OpenSSL; the text of the last part but two says what is wrong. */
const openSslText = /^[\dA-F]+:error:[\dA-F]+:[^:]*:[^:]*:([^:]+):[\s\S]*$/;

/** Returns what is wrong with a connection that failed, and the code of Node's error, if it has one. */
export function connectionProblem(error: NodeJS.ErrnoException): { text: string; code: string | undefined } {
  // A host with several addresses fails with an AggregateError, whose message is empty.
  const inner = (error as { errors?: unknown }).errors;
  const first: Error | undefined = Array.isArray(inner) ? inner[0] : undefined;
  // undici names no code if the server does not speak HTTP/1.1.
  const code = error.code ?? (error.name === "HTTPParserError" ? "HPE_INVALID_CONSTANT" : undefined);
  const text = (error.message || first?.message || code || "the connection failed")
    .replace(nodeAdvice, "; to trust it, pass the certificate as ca (--ca FILE)")
    .trim()
    .replace(openSslText, "$1");
  const meaning = meanings.find(([pattern]) => pattern.test(code ?? ""))?.[1];
  return { text: meaning === undefined ? text : `it seems that ${meaning} (${text})`, code };
}
