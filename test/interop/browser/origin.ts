/** Origin of the page with the cases, which the server allows with `--allow-origin`. */
export const pageOrigin = "http://console.example";

/** Origin of a page that the server does not allow. */
export const strangerOrigin = "http://stranger.example";
