import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";

/** A google.api.HttpBody in protobuf-es, whichever copy of its descriptor a service was generated with. */
export type HttpBodyMessage = Message & { contentType: string; data: Uint8Array };

/** Returns whether a message or singular field is a google.api.HttpBody: raw bytes with their own content type. */
export function isHttpBody(desc: DescMessage | DescField): boolean {
  const message = desc.kind === "message" ? desc : desc.fieldKind === "message" ? desc.message : undefined;
  return message?.typeName === "google.api.HttpBody";
}
