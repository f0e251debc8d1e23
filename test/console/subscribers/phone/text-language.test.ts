import { describe, expect, it } from "vitest";
import { textLanguage } from "../../../../src/console/subscribers/phone/text-language.ts";

describe("textLanguage", () => {
  it.each([
    "ar",
    "ar-EG",
    "ar_EG",
    "AR",
    "he",
    "iw",
    "ur-PK",
    "fa",
    "ps",
    "sd",
    "ug",
    "yi",
    "dv",
    "ckb",
    "ku-Arab",
    "ku_Arab_IQ",
    "az-IR",
    "pa-Arab",
    "uz-AF",
    "ff-Adlm",
    "nqo",
    "syr",
    "rhg",
    "ar-u-nu-latn",
    "ar-afb",
    "ar-afb-EG",
    "fa-x-test",
  ])("sets %s from right to left", (languageCode) => {
    expect(textLanguage(languageCode).dir).toBe("rtl");
  });

  it.each([
    "en-US",
    "en_US",
    "sr-Latn",
    "ar-Latn",
    "ar_Latn_EG",
    "ar-afb-Latn",
    "ku",
    "pa",
    "az",
    "uz-Latn-AF",
    "ff",
    "zh-cmn-Hans",
    "ja",
    "de-1996",
    "i-klingon",
    "x-private",
    "en-GB-oed",
    "sgn-BE-FR",
    "abcdefgh",
    "",
  ])("sets %j from left to right", (languageCode) => {
    expect(textLanguage(languageCode).dir).toBe("ltr");
  });

  it("writes the tag with hyphens, as HTML expects it", () => {
    expect(textLanguage("ku_Arab_IQ").lang).toBe("ku-Arab-IQ");
    expect(textLanguage("x-private").lang).toBe("x-private");
  });

  it("has a locale that Intl accepts, and none for tags that Intl does not know", () => {
    expect(textLanguage("en_US").locale).toBe("en-US");
    expect(textLanguage("ar-afb-EG").locale).toBe("ar-EG");
    expect(textLanguage("i-klingon").locale).toBeUndefined();
  });
});
