import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";

/** google.api.HttpBody as protobuf-es has it, whichever copy of its descriptor a service was made with. */
export type HttpBodyMessage = Message & { contentType: string; data: Uint8Array };

/** Whether a message stands for raw bytes with a content type of their own. */
export function isHttpBody(desc: DescMessage): boolean {
  return desc.typeName === "google.api.HttpBody";
}

/** Whether a field holds one such message. */
export function isHttpBodyField(field: DescField): boolean {
  return field.fieldKind === "message" && isHttpBody(field.message);
}
