import type { DescEnum } from "@bufbuild/protobuf";

/** Returns the name of an enum value as words, such as `low quota`; empty for UNSPECIFIED. */
export function enumWord(desc: DescEnum, value: number): string {
  const name = desc.value[value]?.name ?? String(value);
  return name.endsWith("_UNSPECIFIED")
    ? ""
    : name
        .replace(/^(NOTIFICATION|REFRESH_PERIOD)_/, "")
        .toLowerCase()
        .replaceAll("_", " ");
}
