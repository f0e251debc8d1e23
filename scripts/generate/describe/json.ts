/** A JSON value of a document. Members that are undefined are left out when the document is printed. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | JsonObject;

export type JsonObject = { readonly [key: string]: Json };
