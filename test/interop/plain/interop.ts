import type { Language } from "../language.ts";
import { language as kotlin } from "./kotlin/language.ts";
import { language as php } from "./php/language.ts";
import { language as ruby } from "./ruby/language.ts";

/** Languages that generate code from the bundle without validation options. */
export const languages: readonly Language[] = [kotlin, php, ruby];
