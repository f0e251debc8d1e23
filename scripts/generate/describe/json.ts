/** What a document is made of. A member that is undefined is left out when the document is printed. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | JsonObject;

export type JsonObject = { readonly [key: string]: Json };
