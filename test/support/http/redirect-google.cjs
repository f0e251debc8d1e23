// Loaded before a program (node -r): sends its TLS connections to Google's hosts to a port of this machine.
const tls = require("node:tls");
const { connect } = tls;

tls.connect = (options) =>
  /(^|\.)googleapis\.com$/.test(options.host)
    ? connect({ ...options, host: "127.0.0.1", port: process.env.FAKE_GOOGLE_PORT, servername: "localhost" })
    : connect(options);
