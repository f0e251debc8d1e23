/** Why connections are refused or cut: few words, for they label a metric. */
export const rejectionCauses = [
  /** As many are open as may be, or as the system has file descriptors for. */
  "connections",
  /** A TLS handshake, the beginning of HTTP/2 or a header that took too long. */
  "header_timeout",
  /** An HTTP/1.1 header that is too large. Over HTTP/2 its stream alone is reset, and not counted. */
  "header_size",
  /** A body that took too long. Over HTTP/2 its stream alone is reset. */
  "body_timeout",
  /** A TLS handshake that failed. */
  "tls",
  /** More PING and SETTINGS frames than the calls of their connection explain. */
  "control_frames",
  /** More streams that were reset than the calls of their connection explain (CVE-2023-44487). */
  "resets",
  /** Bytes that are neither HTTP/1.1 nor HTTP/2, or floods of frames that mean nothing. */
  "protocol",
] as const;

/** One of `rejectionCauses`. */
export type RejectionCause = (typeof rejectionCauses)[number];

/** Is told of each connection that is refused or cut. Must not throw. */
export type OnRejected = (cause: RejectionCause) => void;
