/** Where the page with the cases comes from, for the browser: what the server is told by `--allow-origin`. */
export const pageOrigin = "http://console.example";

/** Another page's origin, which the server is not told. */
export const strangerOrigin = "http://stranger.example";
