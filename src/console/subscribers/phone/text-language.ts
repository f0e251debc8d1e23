/** How the texts of a status are set. */
export type TextLanguage = {
  /** For `lang`; empty for an unknown language. */
  readonly lang: string;
  readonly dir: "ltr" | "rtl";
  /** For Intl; undefined if it does not know the language. */
  readonly locale: string | undefined;
};

/** Scripts that are written from right to left. */
const rightToLeft: ReadonlySet<string> = new Set(
  "Adlm Arab Aran Armi Avst Chrs Cprt Elym Gara Hatr Hebr Hung Khar Lydi Mand Mani Mend Merc Mero Narb Nbat Nkoo Orkh Ougr Palm Phli Phlp Phnx Prti Rohg Samr Sarb Sidt Sogd Sogo Syrc Syre Syrj Syrn Thaa Todr Yezi".split(
    " ",
  ),
);

/**
 * Returns how the texts of a language are set. `languageCode` is a BCP 47 tag or a Unicode locale identifier, such as `ar`,
 * `ku-Arab` or `en_US`; the script decides, so `ar-Latn` is left to right.
 */
export function textLanguage(languageCode: string): TextLanguage {
  const lang = languageCode.replaceAll("_", "-");
  const locale = localeOf(lang) ?? localeOf(withoutRare(lang));
  const script = locale?.maximize().script ?? "";
  return {
    lang,
    dir: rightToLeft.has(script) ? "rtl" : "ltr",
    locale: locale?.toString(),
  };
}

/** Returns a tag without what Intl does not accept: extended languages, such as `afb` in `ar-afb`, and all after the region. */
function withoutRare(lang: string): string {
  const [, language = "", script = "", region = ""] =
    /^([a-z]{2,3})(?:-[a-z]{3}){0,3}(-[a-z]{4})?(-(?:[a-z]{2}|[0-9]{3}))?(?:-|$)/i.exec(lang) ?? [];
  return language + script + region;
}

function localeOf(tag: string): Intl.Locale | undefined {
  try {
    return new Intl.Locale(tag);
  } catch {
    return undefined;
  }
}
