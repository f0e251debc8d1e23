/** Cases that pass with protobuf-es, and not with codecs and the JSON reader of transcoding. */
export const knownDifferences: readonly { readonly cases: RegExp; readonly reason: string }[] = [
  {
    cases: /^Recommended\.(?:Proto2|Editions_Proto2)\.JsonInput\.FieldNameExtension\.Validator$/,
    reason: "Extensions in JSON are unknown fields to this project's reader.",
  },
];
