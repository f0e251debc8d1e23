/** Why a connection is rejected or closed; the label of a metric. */
export type RejectionCause =
  /** Too many open connections, or no file descriptor left. */
  | "connections"
  /** A TLS handshake, an HTTP/2 preface or a header took too long. */
  | "header_timeout"
  /** A header is too large. Not counted if Node resets its HTTP/2 stream. */
  | "header_size"
  /** A body took too long. Over HTTP/2 only the stream is reset. */
  | "body_timeout"
  /** A body arrived in too many small pieces. Over HTTP/2 only the stream is reset. */
  | "body_pieces"
  /** A client read nothing of an answer for too long. Over HTTP/2 only the stream is reset. */
  | "response_timeout"
  /** Too many requests are open that are answered or need no token: the oldest of them is ended. */
  | "open_requests"
  /** A TLS handshake failed. */
  | "tls"
  /** More PING and SETTINGS frames than the calls of the connection explain. */
  | "control_frames"
  /** More reset streams than the calls of the connection explain (CVE-2023-44487). */
  | "resets"
  /** Bytes that are neither HTTP/1.1 nor HTTP/2, a malformed request, or a flood of invalid frames. */
  | "protocol";

/** Called for each connection that is rejected or closed by a limit. Must not throw. */
export type OnRejected = (cause: RejectionCause) => void;
