import type { NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { textBytes } from "./recorded-call.ts";

/** A notification that a push has sent. */
export type SentNotification = {
  readonly type: NotificationType;
  readonly asn: number | undefined;
  /** Empty for every client. */
  readonly clientId: string;
  readonly userKey: string;
  readonly text: string;
  readonly languageCode: string;
  /** By the clock of the emulator. */
  readonly sentAtMs: number;
  /** Number of the call. */
  readonly call: number;
};

/** What a notification takes in memory besides its texts. */
const fixedBytes = 250;

/** Returns about how many bytes of memory a notification takes. */
export function sizeOfNotification({ userKey, text, languageCode }: SentNotification): number {
  return fixedBytes + textBytes(userKey) + textBytes(text) + textBytes(languageCode);
}
