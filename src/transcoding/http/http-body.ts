import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";

/** A google.api.HttpBody in protobuf-es, whichever copy of its descriptor a service was generated with. */
export type HttpBodyMessage = Message & { contentType: string; data: Uint8Array };

/** Returns whether a message is google.api.HttpBody: raw bytes with their own content type. */
export function isHttpBody(desc: DescMessage): boolean {
  return desc.typeName === "google.api.HttpBody";
}

/** Returns whether a field is a singular google.api.HttpBody. */
export function isHttpBodyField(field: DescField): boolean {
  return field.fieldKind === "message" && isHttpBody(field.message);
}
